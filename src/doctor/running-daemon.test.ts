import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { FolderLock } from '../daemon/lock.ts';
import { whileDaemonIsKnown } from './running-daemon.ts';

describe('whileDaemonIsKnown', () => {
  let folders: readonly [string, string, string] = ['', '', ''];
  before(async () => {
    const root = await mkdtemp(join(tmpdir(), 'a3s-root-'));
    folders = [root, await mkdtemp(join(tmpdir(), 'a3s-state-')), join(root, 'never-made')];
  });
  after(async () => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });
  const runs = (hold: boolean): Promise<boolean> => whileDaemonIsKnown(folders, hold, async (found) => found);
  /** What a daemon that starts does. */
  const start = async (): Promise<void> => {
    for (const folder of folders.slice(0, 2)) await (await FolderLock.take(folder)).release();
  };

  it('sees a daemon that has one of the folders, and takes nothing from it', async () => {
    const lock = await FolderLock.take(folders[1]);
    assert.equal(await runs(false), true);
    assert.equal(await runs(true), true);
    await assert.rejects(FolderLock.take(folders[1]), { reason: 'SOCKET_TAKEN' });
    await lock.release();
    assert.equal(await runs(false), false);
    assert.equal(await runs(true), false);
    await start();
  });

  it('keeps no daemon from starting, unless it is to hold the folders while it works', async () => {
    await whileDaemonIsKnown(folders, false, start);
    await assert.rejects(whileDaemonIsKnown(folders, true, start), { reason: 'SOCKET_TAKEN' });
    await start();
  });

  it('those who only look do not see each other, nor keep a daemon from starting at the same moment', async () => {
    const look = (): readonly Promise<boolean>[] => Array.from({ length: 20 }, () => runs(false));
    assert.deepEqual([...new Set(await Promise.all(look()))], [false]);
    const looks = look();
    await start();
    await Promise.all(looks);
  });
});
