import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { mount } from '../../testing/configs.ts';
import { ownMountSpace } from '../../testing/own-mount-space.ts';
import { type SandboxPaths, sandboxPaths } from '../paths.ts';
import { settlesWithin } from '../time.ts';
import { readMountsBelow } from './mount-table.ts';
import { createShares, removeShares } from './share.ts';
import { addVolumes, exposure, removeVolumes } from './volumes.ts';

const CONTAINER = 'ef'.repeat(32);
const SPACE = ownMountSpace();
const root = process.getuid?.() === 0;

describe('exposure', () => {
  const cases: readonly (readonly [string, Parameters<typeof exposure>[0], boolean, ReturnType<typeof exposure>])[] = [
    ['writable', mount(), true, 'writable'],
    ['read-only with nothing below', mount({ readonly: true }), false, 'read-only'],
    ['read-only with mounts below', mount({ readonly: true }), true, 'top read-only'],
    [
      'read-only, and mounts may come',
      mount({ readonly: true, propagation: 'HOST_TO_CONTAINER' }),
      false,
      'top read-only',
    ],
    ['recursively read-only', mount({ readonly: true, recursiveReadonly: true }), true, 'read-only'],
  ];
  for (const [name, asked, below, expected] of cases) {
    it(name, () => assert.equal(exposure(asked, below), expected));
  }
});

describe('volumes', { skip: root ? false : 'needs root: real bind mounts are made' }, () => {
  let dir = '';
  let paths: SandboxPaths;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'a3s-volumes-'));
    paths = sandboxPaths(dir, join(dir, 'state'), 'cd'.repeat(32));
    await writeFile(join(dir, 'init'), 'init');
    await createShares(paths, join(dir, 'init'));
    await mkdir(join(dir, 'data', 'below'), { recursive: true });
  });
  afterEach(async () => {
    await removeShares(paths);
    for (const point of (await readMountsBelow(dir)).toReversed()) execFileSync('umount', ['--lazy', point]);
    await rm(dir, { recursive: true });
  });

  const shown = (name: string): string => join(paths.rwVolumes, `${CONTAINER}-0`, name);
  const tmpfs = (path: string): unknown => execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', path]);

  it('show a folder writable, a file read-only, and make a missing source', async () => {
    await writeFile(join(dir, 'file'), 'one');
    const [folder, file, made] = await addVolumes(paths, SPACE, CONTAINER, [
      mount({ hostPath: join(dir, 'data') }),
      mount({ hostPath: join(dir, 'file'), readonly: true }),
      mount({ hostPath: join(dir, 'new', 'folder') }),
    ]);
    assert.equal(folder?.guestPath, `/rw/vol/${CONTAINER}-0`);
    assert.equal(file?.guestPath, `/vol/${CONTAINER}-1`);
    assert.equal(made?.guestPath, `/rw/vol/${CONTAINER}-2`);
    await writeFile(shown('written'), 'in the volume');
    assert.equal(await readFile(join(dir, 'data', 'written'), 'utf8'), 'in the volume');
    assert.equal(await readFile(join(paths.roVolumes, `${CONTAINER}-1`), 'utf8'), 'one');
    assert.ok((await stat(join(dir, 'new', 'folder'))).isDirectory());
  });

  it('follow a symbolic link as a source', async () => {
    await symlink(join(dir, 'data'), join(dir, 'link'));
    await addVolumes(paths, SPACE, CONTAINER, [mount({ hostPath: join(dir, 'link') })]);
    await writeFile(shown('x'), '');
    assert.ok((await stat(join(dir, 'data', 'x'))).isFile());
  });

  it('that are read-only, not recursively, are writable in what is mounted below', async () => {
    tmpfs(join(dir, 'data', 'below'));
    const [volume] = await addVolumes(paths, SPACE, CONTAINER, [
      mount({ hostPath: join(dir, 'data'), readonly: true }),
    ]);
    assert.deepEqual([volume?.guestPath, volume?.readonly], [`/rw/vol/${CONTAINER}-0`, false]);
    await assert.rejects(writeFile(shown('x'), ''), { code: 'EROFS' });
    await writeFile(shown('below/x'), '');
    assert.deepEqual(await readdir(join(dir, 'data', 'below')), ['x']);
    assert.deepEqual(await readdir(paths.stagedVolumes), []);
  });

  it('that are recursively read-only go to the read-only share with what is mounted below', async () => {
    tmpfs(join(dir, 'data', 'below'));
    const hostPath = join(dir, 'data');
    const [volume] = await addVolumes(paths, SPACE, CONTAINER, [
      mount({ hostPath, readonly: true, recursiveReadonly: true }),
    ]);
    assert.deepEqual([volume?.guestPath, volume?.readonly], [`/vol/${CONTAINER}-0`, true]);
  });

  it('that are private do not see what is mounted on the host later, slaves do, and nothing comes back', async () => {
    const hostPath = join(dir, 'data');
    execFileSync('mount', ['--bind', '--make-shared', hostPath, hostPath]);
    await addVolumes(paths, SPACE, CONTAINER, [
      mount({ hostPath }),
      mount({ hostPath, propagation: 'HOST_TO_CONTAINER' }),
      mount({ hostPath, propagation: 'HOST_TO_CONTAINER', readonly: true }),
    ]);
    tmpfs(join(hostPath, 'below'));
    await writeFile(join(hostPath, 'below', 'later'), '');
    const seen = async (index: number): Promise<readonly string[]> =>
      readdir(join(paths.rwVolumes, `${CONTAINER}-${index}`, 'below'));
    assert.deepEqual([await seen(0), await seen(1), await seen(2)], [[], ['later'], ['later']]);
    await writeFile(join(paths.rwVolumes, `${CONTAINER}-2`, 'below', 'x'), '');
    execFileSync('umount', [join(paths.rwVolumes, `${CONTAINER}-1`, 'below')]);
    assert.deepEqual(await readdir(join(hostPath, 'below')), ['later', 'x']);
  });

  it('are taken away without touching what they hold', async () => {
    await writeFile(join(dir, 'data', 'kept'), 'mine');
    tmpfs(join(dir, 'data', 'below'));
    const hostPath = join(dir, 'data');
    await addVolumes(paths, SPACE, CONTAINER, [mount({ hostPath }), mount({ hostPath, readonly: true })]);
    await removeVolumes(paths, SPACE, CONTAINER);
    await removeVolumes(paths, SPACE, CONTAINER);
    assert.deepEqual(await readMountsBelow(paths.rwVolumes), []);
    assert.deepEqual(await readdir(join(paths.rwPoints, 'vol')), []);
    assert.equal(await readFile(join(hostPath, 'kept'), 'utf8'), 'mine');
    assert.deepEqual(await readMountsBelow(hostPath), [join(hostPath, 'below')]);
  });

  it('leave image volumes to the guest, and give the guest’s own null device', async () => {
    const image = { image: 'sha256:1', userSpecifiedImage: '' };
    const added = await addVolumes(paths, SPACE, CONTAINER, [
      mount({ image, readonly: true }),
      mount({ hostPath: '/dev/null', containerPath: '/masked' }),
    ]);
    assert.deepEqual(added, [{ containerPath: '/masked', guestPath: '/dev/null', readonly: false }]);
  });

  it('of file systems that do not answer take no threads from the daemon', async () => {
    // a FUSE server that never serves; more callers than Node has threads for files
    const fuse = openSync('/dev/fuse', 'r+');
    const hostPath = join(dir, 'data', 'below');
    const options = 'fd=3,rootmode=40000,user_id=0,group_id=0';
    const args = ['-i', '-t', 'fuse', '-o', options, 'a3s-test', hostPath];
    execFileSync('mount', args, { stdio: ['ignore', 'inherit', 'inherit', fuse] });
    try {
      const stuck = Array.from({ length: 20 }, (_, index) =>
        assert.rejects(addVolumes(paths, SPACE, `${index}`.padStart(64, '0'), [mount({ hostPath })]), {
          reason: 'DEADLINE',
          message: /data\/below: its file system does not answer/,
        }),
      );
      assert.ok(await settlesWithin(Promise.all(stuck), 30_000), 'who asked for them hangs');
      assert.ok(await settlesWithin(stat(dir), 5_000), 'the daemon’s own files hang');
    } finally {
      // which ends whatever still waits for it
      closeSync(fuse);
      execFileSync('umount', ['--lazy', hostPath]);
    }
  });

  it('refuse a relative source, and a socket', async () => {
    await assert.rejects(addVolumes(paths, SPACE, CONTAINER, [mount({ hostPath: 'data' })]), {
      reason: 'MOUNT_SOURCE',
      message: /"data"/,
    });
    const hostPath = join(dir, 'data', 'socket');
    const server = createServer().listen(hostPath);
    await once(server, 'listening');
    await assert.rejects(addVolumes(paths, SPACE, CONTAINER, [mount({ hostPath })]), {
      reason: 'MOUNT_SOURCE',
      message: /socket/,
    });
    server.close();
  });
});
