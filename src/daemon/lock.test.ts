import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { FolderLock } from './lock.ts';

const FREE = 0;
const TAKEN = 1;

describe('FolderLock', () => {
  let base = '';
  let folder = '';
  before(async () => {
    base = await mkdtemp(join(tmpdir(), 'a3s-lock-'));
    folder = join(base, 'root');
  });
  after(() => rm(base, { recursive: true }));

  /** What another process finds that wants the folder. */
  async function other(...before: readonly string[]): Promise<number> {
    const [command, ...args] = [...before, 'flock', '--nonblock', folder, 'true'];
    const [code] = await once(spawn(command, args, { stdio: 'inherit' }), 'exit');
    return Number(code);
  }

  it('keeps others out by any path, also in other network namespaces, until it is released', async () => {
    const lock = await FolderLock.take(folder);
    const link = join(base, 'link');
    await symlink(folder, link);
    await assert.rejects(FolderLock.take(link), {
      reason: 'SOCKET_TAKEN',
      message: /another a3s-boxd uses .*link already/,
    });
    assert.deepEqual([await other(), await other('unshare', '--net')], [TAKEN, TAKEN]);
    await lock.release();
    assert.equal(await other(), FREE);
  });

  it('goes with its process, however that ends', async () => {
    const code = `import('${new URL('lock.ts', import.meta.url).href}').then(async ({ FolderLock }) => {
      await FolderLock.take(process.argv[1]);
      console.log('held');
    })`;
    const holder = spawn(process.execPath, ['-e', code, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    assert.equal(await FolderLock.isHeld(folder), true);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    assert.equal(await FolderLock.isHeld(folder), false);
  });

  it('those who only ask do not keep a daemon out', async () => {
    const asking = Array.from({ length: 8 }, () => FolderLock.isHeld(folder));
    const lock = await FolderLock.take(folder);
    await Promise.all(asking);
    assert.equal(await FolderLock.isHeld(folder), true);
    await lock.release();
  });

  it('a user who may not read the folder cannot take it', async () => {
    assert.notEqual(await other('setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'), FREE);
    await (await FolderLock.take(folder)).release();
  });
});
