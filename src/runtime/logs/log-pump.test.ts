import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { FakeGuest } from '../../testing/fake-guest.ts';
import { hostCommand } from '../host/host-command.ts';
import { readRecord } from '../store/record-file.ts';
import { settlesWithin } from '../time.ts';
import { logPositionSchema } from './log-position.ts';
import { LogPump, type LogPumpOptions } from './log-pump.ts';

const KIB = 1024;
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Numbered lines, so that none can be lost, doubled or torn unseen. */
function lines(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, index) => `line ${from + index} ${'x'.repeat(60)}\n`).join('');
}

/** What was printed, as its reader sees it. */
async function content(path: string): Promise<string> {
  return (await readFile(path, 'latin1')).replaceAll(/^\S+ stdout F /gm, '');
}

describe('LogPump', () => {
  let dir = '';
  let guest: FakeGuest;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'a3s-pump-'));
  });
  after(() => rm(dir, { recursive: true }));
  beforeEach(async () => {
    guest = await FakeGuest.start();
  });
  afterEach(() => guest.stop());

  function options(name: string, over: Partial<LogPumpOptions> = {}): LogPumpOptions {
    return {
      guest: guest.client,
      containerId: name,
      logPath: join(dir, `${name}.log`),
      positionPath: join(dir, `${name}.position.json`),
      log: silent,
      ...over,
    };
  }

  it('writes everything and has it acknowledged', async () => {
    const pump = await LogPump.start(options('plain'));
    guest.print('plain', lines(0, 5000));
    guest.end('plain');
    await pump.drained;
    assert.equal(await content(join(dir, 'plain.log')), lines(0, 5000));
    assert.equal(guest.acknowledged('plain'), lines(0, 5000).length);
  });

  it('takes chunks of 64 KiB', async () => {
    guest.chunkBytes = 64 * KIB;
    const pump = await LogPump.start(options('long'));
    guest.print('long', lines(0, 5000));
    guest.end('long');
    await pump.drained;
    assert.equal(await content(join(dir, 'long.log')), lines(0, 5000));
  });

  for (const [bytes, words] of [
    [64 * KIB + 1, /a chunk of 65537 bytes/],
    [128 * KIB, /larger than max/],
  ] as const) {
    it(`gives up a guest that sends ${bytes} bytes in one chunk, and cuts none of it into lines`, async () => {
      guest.chunkBytes = bytes;
      const said: string[] = [];
      const debug = (facts: { readonly error?: unknown }): void => void said.push(String(facts.error));
      const pump = await LogPump.start(options(`flood-${bytes}`, { log: { ...silent, debug } }));
      guest.print(`flood-${bytes}`, '\n'.repeat(bytes));
      guest.end(`flood-${bytes}`);
      await pump.drained;
      assert.match(said.join(), words);
      assert.deepEqual([pump.written, await content(join(dir, `flood-${bytes}.log`))], [0, '']);
    });
  }

  it('begins behind what an earlier container has left in the file', async () => {
    await writeFile(join(dir, 'again.log'), '2016-09-21T00:00:00.669794202Z stdout F before\n');
    const pump = await LogPump.start(options('again'));
    guest.print('again', 'after\n');
    guest.end('again');
    await pump.drained;
    assert.equal(await content(join(dir, 'again.log')), 'before\nafter\n');
  });

  it('does not let logs on a disk that hangs hold back another one, nor the daemon’s other files', async () => {
    const disk = join(dir, 'disk');
    await mkdir(disk);
    await hostCommand('truncate', ['--size=32M', `${disk}.img`]);
    await hostCommand('mkfs.ext4', ['-q', '-F', `${disk}.img`]);
    await hostCommand('mount', ['-o', 'loop', `${disk}.img`, disk]);
    // more of them than Node has threads for files
    const stuck = Array.from({ length: 8 }, (_, number) => `stuck-${number}`);
    const begin = (name: string): Promise<LogPump> =>
      LogPump.start(options(name, { logPath: join(disk, `${name}.log`) }));
    const pumps = await Promise.all(stuck.map(begin));
    const late = stuck.map((name) => `late-${name}`);
    let opening: readonly Promise<LogPump>[] = [];
    try {
      await hostCommand('fsfreeze', ['--freeze', disk]);
      opening = late.map(begin);
      for (const name of stuck) guest.print(name, lines(0, 5000));
      guest.print('free', lines(0, 20_000));
      guest.end('free');
      const written = LogPump.start(options('free')).then(({ drained }) => drained);
      assert.ok(await settlesWithin(written, 30_000), 'the other log hangs too');
      assert.equal(await content(join(dir, 'free.log')), lines(0, 20_000));
      for (const name of stuck) assert.equal(guest.acknowledged(name), 0);
    } finally {
      await hostCommand('fsfreeze', ['--unfreeze', disk]);
      for (const name of [...stuck, ...late]) guest.end(name);
      await Promise.all([...pumps, ...(await Promise.all(opening))].map(({ drained }) => drained));
      for (const name of stuck) assert.equal(await content(join(disk, `${name}.log`)), lines(0, 5000));
      await hostCommand('umount', [disk]);
    }
  });

  it('gives everything after a reopening to the new file, and between them the two hold all of it once', async () => {
    const pump = await LogPump.start(options('rotate'));
    const path = join(dir, 'rotate.log');
    let printed = 0;
    const files: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      guest.print('rotate', lines(printed, printed + 3000));
      printed += 3000;
      await new Promise(setImmediate);
      const old = `${path}.${round}`;
      await rename(path, old);
      await pump.reopen();
      const { size } = await stat(old);
      assert.ok(existsSync(path));
      guest.print('rotate', lines(printed, printed + 100));
      printed += 100;
      files.push(old);
      await new Promise(setImmediate);
      assert.equal((await stat(old)).size, size);
    }
    guest.end('rotate');
    await pump.drained;
    const all = await Promise.all([...files, path].map(content));
    assert.equal(all.join(''), lines(0, printed));
  });

  it('refuses to reopen a log that has ended, and makes no file', async () => {
    const pump = await LogPump.start(options('ended'));
    guest.end('ended');
    await pump.drained;
    await rename(join(dir, 'ended.log'), join(dir, 'ended.log.1'));
    await assert.rejects(pump.reopen(), { reason: 'CONTAINER_STATE' });
    assert.equal(existsSync(join(dir, 'ended.log')), false);
  });

  for (const reopened of [false, true]) {
    it(`goes on after a restart where it was, when the file was renamed${reopened ? ' and reopened' : ''} before`, async () => {
      const name = `restart-${reopened}`;
      const path = join(dir, `${name}.log`);
      const first = await LogPump.start(options(name));
      const position = await readRecord(join(dir, `${name}.position.json`), logPositionSchema);
      guest.print(name, lines(0, 2000));
      while (guest.acknowledged(name) < lines(0, 2000).length) await new Promise(setImmediate);
      await rename(path, `${path}.1`);
      if (reopened) await first.reopen();
      guest.print(name, lines(2000, 2100));
      while (guest.acknowledged(name) < lines(0, 2100).length) await new Promise(setImmediate);
      first.stop();
      await first.drained;
      // the daemon was killed: what it recorded last is long out of date
      const second = await LogPump.resume(options(name), position);
      guest.print(name, lines(2100, 2200));
      guest.end(name);
      await second.drained;
      assert.equal((await content(`${path}.1`)) + (await content(path)), lines(0, 2200));
    });
  }

  it('goes on behind a hole when the file was emptied', async () => {
    const path = join(dir, 'emptied.log');
    const first = await LogPump.start(options('emptied'));
    guest.print('emptied', lines(0, 100));
    while (guest.acknowledged('emptied') < lines(0, 100).length) await new Promise(setImmediate);
    const position = await readRecord(join(dir, 'emptied.position.json'), logPositionSchema);
    first.stop();
    await first.drained;
    await writeFile(path, '');
    const second = await LogPump.resume(options('emptied'), position);
    guest.print('emptied', lines(100, 200));
    guest.end('emptied');
    await second.drained;
    assert.equal(await content(path), lines(100, 200));
  });

  it('that cannot be opened after a restart loses lines, and is written again as soon as it can be', async () => {
    const folder = join(dir, 'away');
    const path = join(folder, 'away.log');
    await writeFile(folder, 'no folder');
    const recorded = { file: '1:2', size: 7, stdout: '0', stderr: '0' };
    const pump = await LogPump.resume(options('away', { logPath: path }), recorded);
    guest.print('away', lines(0, 100));
    while (guest.acknowledged('away') < lines(0, 100).length) await new Promise(setImmediate);
    await assert.rejects(pump.reopen(), { reason: 'INVALID_REQUEST', message: /away\.log/ });
    assert.equal(existsSync(join(dir, 'away.position.json')), false, 'what is in no file was recorded');
    await rm(folder);
    guest.print('away', lines(100, 200));
    guest.end('away');
    await pump.drained;
    assert.equal(await content(path), lines(100, 200));
    const { size, stdout } = await readRecord(join(dir, 'away.position.json'), logPositionSchema);
    assert.deepEqual([size, stdout], [(await stat(path)).size, String(lines(0, 200).length)]);
  });

  it('loses whole lines while the disk is full, and writes again when it is not', async () => {
    const tiny = join(dir, 'tiny');
    await mkdir(tiny);
    await hostCommand('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'a3s-test', tiny]);
    try {
      const path = join(tiny, 'full.log');
      await writeFile(join(tiny, 'filler'), Buffer.alloc(64 * KIB));
      const pump = await LogPump.start(options('full', { logPath: path }));
      guest.print('full', lines(0, 5000));
      while (guest.acknowledged('full') < lines(0, 5000).length) await new Promise(setImmediate);
      await rm(join(tiny, 'filler'));
      guest.print('full', lines(5000, 5010));
      guest.end('full');
      await pump.drained;
      const kept = await content(path);
      assert.ok(kept.endsWith(lines(5000, 5010)), kept.slice(-200));
      for (const line of kept.trimEnd().split('\n')) assert.match(line, /^line \d+ x{60}$/);
    } finally {
      await hostCommand('umount', [tiny]);
    }
  });
});
