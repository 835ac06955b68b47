import assert from 'node:assert/strict';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { isBoxError } from '../errors.ts';
import { parseCommandLine } from './command-line.ts';
import { loadDaemonConfig, toDaemonConfig } from './load.ts';
import { settingsSchema } from './schema.ts';

const config = (written: Readonly<Record<string, unknown>> = {}) =>
  toDaemonConfig(settingsSchema.parse(written), '/etc/test.toml');
const invalid = (words: RegExp) => (error: unknown) => {
  assert.ok(isBoxError(error, 'CONFIG_INVALID'));
  assert.match(error.message, words);
  return true;
};

it('boots take turns by the number of processors, unless it says otherwise', () => {
  assert.equal(config().admission.parallelBoots, availableParallelism());
  assert.equal(config({ parallel_boots: 3 }).admission.parallelBoots, 3);
});

it('a heartbeat limit below a second is refused with the reason', () => {
  assert.equal(config({ heartbeat_timeout: '1s' }).heartbeatMs, 1000);
  assert.throws(() => config({ heartbeat_timeout: '999ms' }), invalid(/heartbeat_timeout: must be at least 1s/));
});

it('a limit longer than a timer can be is refused: it would pass at once', () => {
  assert.equal(config({ heartbeat_timeout: '35791m' }).heartbeatMs, 35_791 * 60_000);
  assert.throws(() => config({ heartbeat_timeout: '36000m' }), invalid(/heartbeat_timeout: must be at most 35791m/));
});

it('streams are served on loopback only: a URL’s token travels in the clear', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'a3s-settings-'));
  const serving = async (address: string) => {
    const file = join(dir, 'config.toml');
    await writeFile(file, `stream_address = "${address}"\n`);
    return (await loadDaemonConfig(file, {})).streaming.address;
  };
  try {
    for (const address of ['127.0.0.1', '127.8.8.8', '::1']) assert.equal(await serving(address), address);
    for (const address of ['0.0.0.0', '::', '192.168.1.7', 'localhost', '127.0.0.1.example.org', '']) {
      await assert.rejects(serving(address), invalid(/stream_address: /), address);
    }
    await assert.rejects(
      serving('0.0.0.0'),
      invalid(/stream_address: must be a loopback address, such as 127\.0\.0\.1/),
    );
  } finally {
    await rm(dir, { recursive: true });
  }
});

it('doctor is a command, and --fix goes with nothing else', () => {
  assert.equal(parseCommandLine(['doctor']).command, 'doctor');
  assert.equal(parseCommandLine(['doctor', '--fix']).command, 'doctor fix');
  assert.throws(() => parseCommandLine(['--fix']), invalid(/--fix goes with doctor only/));
  assert.throws(() => parseCommandLine(['config', 'dump', '--fix']), invalid(/--fix/));
});

it('root and state are where they really lie, however they are written and before they are made', async () => {
  const base = await realpath(await mkdtemp(join(tmpdir(), 'a3s-settings-')));
  try {
    const [disk, link, file] = [join(base, 'disk'), join(base, 'link'), join(base, 'config.toml')];
    await mkdir(disk);
    await symlink(disk, link);
    await writeFile(file, '');
    const folders = async (root: string, state: string) => {
      const found = await loadDaemonConfig(file, { root, state });
      return [found.root, found.state];
    };
    assert.deepEqual(await folders(`${link}/`, `${link}/new/state/`), [disk, join(disk, 'new', 'state')]);
    assert.deepEqual(await folders(disk, `${base}/link/../disk`), [disk, disk]);
    await assert.rejects(folders(join(file, 'root'), disk), invalid(/root or state folder cannot be used: ENOTDIR/));
  } finally {
    await rm(base, { recursive: true });
  }
});
