import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { FakeGuest } from '../../testing/fake-guest.ts';
import { turnAt } from './disk-turns.ts';
import { LogFile } from './log-file.ts';
import { LogPump } from './log-pump.ts';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

describe('a log whose disk hangs', () => {
  let dir = '';
  let path = '';
  let guest: FakeGuest;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'a3s-hung-'));
    path = join(dir, '0.log');
    guest = await FakeGuest.start();
    mock.timers.enable({ apis: ['setTimeout'] });
  });
  afterEach(async () => {
    mock.timers.reset();
    await guest.stop();
    await rm(dir, { recursive: true });
  });

  const start = (): Promise<LogPump> =>
    LogPump.start({
      guest: guest.client,
      containerId: 'c1',
      logPath: path,
      positionPath: join(dir, 'position.json'),
      log: silent,
    });

  /** Hangs from now on, until it is told to answer. */
  async function hang(): Promise<() => Promise<void>> {
    const [hangs, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const turn = turnAt(path, () => {
      hangs.resolve();
      return answer.promise;
    });
    await hangs.promise;
    return () => {
      answer.resolve();
      return turn;
    };
  }

  async function assertLate(work: Promise<unknown>): Promise<void> {
    mock.timers.tick(20_000);
    await assert.rejects(work, {
      reason: 'DEADLINE',
      message: `log ${path} of container c1 has waited 20 s for its disk: look at that`,
    });
  }

  async function isOpen(): Promise<boolean> {
    const links = (await readdir('/proc/self/fd')).map((fd) => readlink(join('/proc/self/fd', fd)).catch(() => ''));
    return (await Promise.all(links)).includes(path);
  }

  it('is not started, and a file that comes late is closed', async () => {
    const answer = await hang();
    await assertLate(start());
    assert.equal(existsSync(path), false);
    await answer();
    while (!existsSync(path) || (await isOpen())) await new Promise(setImmediate);
  });

  it('is not started either when it hangs behind the opening, and the file is closed in the end', async () => {
    const open = LogFile.open.bind(LogFile);
    const hung = Promise.withResolvers<() => Promise<void>>();
    mock.method(LogFile, 'open', async (name: string) => {
      const file = await open(name);
      hung.resolve(await hang());
      return file;
    });
    const starting = start();
    const answer = await hung.promise;
    await new Promise(setImmediate);
    await assertLate(starting);
    mock.restoreAll();
    assert.ok(await isOpen());
    await answer();
    while (await isOpen()) await new Promise(setImmediate);
  });

  it('is not reopened', async () => {
    const pump = await start();
    const answer = await hang();
    await assertLate(pump.reopen());
    await answer();
    guest.end('c1');
    await pump.drained;
  });
});
