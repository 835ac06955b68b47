import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { mount } from '../../testing/configs.ts';
import { ownMountSpace } from '../../testing/own-mount-space.ts';
import { type SandboxPaths, sandboxPaths } from '../paths.ts';
import { readMountsBelow } from './mount-table.ts';
import { createShares, removeShares } from './share.ts';
import { addVolumes } from './volumes.ts';

const ID = 'cd'.repeat(32);
const root = process.getuid?.() === 0;

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

  it('are taken away, volumes first, without touching what those hold', async () => {
    await mkdir(join(dir, 'data'));
    await writeFile(join(dir, 'data', 'kept'), 'mine');
    const volume = mount({ hostPath: join(dir, 'data') });
    await addVolumes(paths, ownMountSpace(), 'ef'.repeat(32), [volume, { ...volume, readonly: true }]);
    await removeShares(paths);
    await removeShares(paths);
    assert.equal(await readFile(join(dir, 'data', 'kept'), 'utf8'), 'mine');
  });
});
