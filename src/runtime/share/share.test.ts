import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Mount } from '../model.ts';
import { type SandboxPaths, sandboxPaths } from '../paths.ts';
import { readMountsBelow } from './mount-table.ts';
import { addVolumes, createShares, removeShares, removeVolumes } from './share.ts';

const ID = 'cd'.repeat(32);
const CONTAINER = 'ef'.repeat(32);
const root = process.getuid?.() === 0;

function mount(hostPath: string, over: Partial<Mount> = {}): Mount {
  return {
    containerPath: '/data',
    hostPath,
    readonly: false,
    recursiveReadonly: false,
    propagation: 'PRIVATE',
    selinuxRelabel: false,
    ...over,
  };
}

describe('shares', { skip: root ? false : 'needs root: real bind mounts are made' }, () => {
  let dir = '';
  let paths: SandboxPaths;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'a3s-share-'));
    paths = sandboxPaths(dir, join(dir, 'state'), ID);
    await writeFile(join(dir, 'init'), 'init');
    await createShares(paths, join(dir, 'init'));
  });
  afterEach(async () => {
    await removeShares(paths);
    assert.deepEqual(await readMountsBelow(dir), []);
    await rm(dir, { recursive: true });
  });

  it('lay out what the guest mounts', async () => {
    assert.equal(await readFile(join(paths.rootShare, 'init.krun'), 'utf8'), 'init');
    for (const name of ['proc', 'sys', 'dev', 'run', 'rw', 'scratch', 'layers', 'vol']) {
      assert.ok((await stat(join(paths.rootShare, name))).isDirectory(), name);
    }
  });

  it('give the guest no writable place but the volumes', async () => {
    await assert.rejects(writeFile(join(paths.rwShare, 'x'), ''), { code: 'EROFS' });
    await assert.rejects(symlink('/etc', join(paths.rwShare, 'vol', 'x')), { code: 'EROFS' });
  });

  it('show a folder writable, a file read-only, and make a missing source', async () => {
    await mkdir(join(dir, 'data'));
    await writeFile(join(dir, 'file'), 'one');
    const [folder, file, made] = await addVolumes(paths, CONTAINER, [
      mount(join(dir, 'data')),
      mount(join(dir, 'file'), { readonly: true }),
      mount(join(dir, 'new', 'folder')),
    ]);
    assert.equal(folder?.guestPath, `/rw/vol/${CONTAINER}-0`);
    assert.equal(file?.guestPath, `/vol/${CONTAINER}-1`);
    assert.equal(made?.guestPath, `/rw/vol/${CONTAINER}-2`);
    await writeFile(join(paths.rwVolumes, `${CONTAINER}-0`, 'written'), 'in the volume');
    assert.equal(await readFile(join(dir, 'data', 'written'), 'utf8'), 'in the volume');
    assert.equal(await readFile(join(paths.roVolumes, `${CONTAINER}-1`), 'utf8'), 'one');
    assert.ok((await stat(join(dir, 'new', 'folder'))).isDirectory());
  });

  it('follow a symbolic link as a source', async () => {
    await mkdir(join(dir, 'real'));
    await symlink(join(dir, 'real'), join(dir, 'link'));
    await addVolumes(paths, CONTAINER, [mount(join(dir, 'link'))]);
    await writeFile(join(paths.rwVolumes, `${CONTAINER}-0`, 'x'), '');
    assert.ok((await stat(join(dir, 'real', 'x'))).isFile());
  });

  it('are taken away without touching what the volumes hold', async () => {
    await mkdir(join(dir, 'data'));
    await writeFile(join(dir, 'data', 'kept'), 'mine');
    await addVolumes(paths, CONTAINER, [mount(join(dir, 'data')), mount(join(dir, 'data'), { readonly: true })]);
    await removeVolumes(paths, CONTAINER);
    await removeVolumes(paths, CONTAINER);
    assert.equal((await readMountsBelow(paths.roVolumes)).length, 0);
    await addVolumes(paths, CONTAINER, [mount(join(dir, 'data'))]);
    await removeShares(paths);
    await removeShares(paths);
    assert.equal(await readFile(join(dir, 'data', 'kept'), 'utf8'), 'mine');
  });

  it('refuse a relative source', async () => {
    await assert.rejects(addVolumes(paths, CONTAINER, [mount('data')]), { reason: 'MOUNT_SOURCE', message: /"data"/ });
  });
});
