import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isBoxError } from '../../errors.ts';
import { exists } from '../store/folder.ts';
import { CgroupFolders } from './cgroup-folders.ts';
import { groupPath } from './cgroup-path.ts';
import { openCgroups } from './cgroups.ts';
import { parseHierarchy, rootsOf } from './hierarchy.ts';

const MIB = 1024 * 1024;
const hierarchy = parseHierarchy(await readFile('/proc/self/mountinfo', 'utf8'));
const mark = `a3s-test${process.pid}-`;
const place = { parent: `/a3s-test-${process.pid}/pod`, name: `${mark}0123` };

describe('groups of this host', { skip: hierarchy === undefined || process.getuid?.() !== 0 }, () => {
  const cgroups = new CgroupFolders(hierarchy);
  const folders = hierarchy === undefined ? [] : rootsOf(hierarchy).map((root) => `${root}/${groupPath(place)}`);
  let child: ReturnType<typeof spawn>;
  before(() => {
    child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  });
  after(async () => {
    child.kill('SIGKILL');
    for (const found of await cgroups.find(mark)) await found.remove();
    for (const folder of folders) {
      await rmdir(dirname(folder));
      await rmdir(dirname(dirname(folder)));
    }
  });

  it('one is made with limits, takes a process in, and goes when that has ended', async () => {
    await cgroups.create(place, { memoryBytes: 512 * MIB });
    // as a second call after a crash would
    const enter = await cgroups.create(place, { memoryBytes: 256 * MIB });
    assert.ok(child.pid !== undefined);
    await enter(child.pid);
    for (const folder of folders) {
      assert.equal((await readFile(`${folder}/cgroup.procs`, 'utf8')).trim(), String(child.pid));
    }
    const limits = await Promise.all(
      folders.flatMap((folder) =>
        ['memory.max', 'memory.limit_in_bytes'].map((file) => readFile(`${folder}/${file}`, 'utf8').catch(() => '')),
      ),
    );
    assert.deepEqual(
      limits.filter((text) => text !== ''),
      [`${256 * MIB}\n`],
    );
    const oom = cgroups.watchOom(place);
    assert.equal(oom.kills(), 0);
    oom.end();
    assert.deepEqual(
      (await cgroups.find(mark)).map(({ name, paths }) => [name, paths.length]),
      [[place.name, folders.length]],
    );

    // its end may be known before the kernel has taken it out of the group
    const removed = cgroups.remove(place);
    setTimeout(() => child.kill('SIGKILL'), 50);
    await removed;
    for (const folder of folders) assert.equal(await exists(folder), false);
    await cgroups.remove(place);
    assert.deepEqual(await cgroups.find(mark), []);
  });

  it('what the host refuses is said with the group and the value', async () => {
    await assert.rejects(cgroups.limit(place, { memoryBytes: MIB }), (error) => {
      assert.ok(isBoxError(error, 'CGROUP_FAILED'));
      assert.match(error.message, /^cannot set memory\..* = 1048576 of cgroup a3s-test-.*ENOENT/);
      return true;
    });
  });
});

it('what systemd takes back in a slice is handed down again before a limit is set', async () => {
  // files in place of version 2's, which take what is written to them
  const root = await mkdtemp(join(tmpdir(), 'a3s-cgroup-'));
  try {
    const slice = join(root, 'kubepods.slice');
    const group = join(slice, `${place.name}.scope`);
    await mkdir(group, { recursive: true });
    for (const folder of [root, slice]) {
      await writeFile(join(folder, 'cgroup.controllers'), 'memory\n');
      await writeFile(join(folder, 'cgroup.subtree_control'), folder === root ? 'memory\n' : '\n');
    }
    await writeFile(join(group, 'memory.max'), '');
    const cgroups = new CgroupFolders({ version: 2, root });
    await cgroups.limit({ parent: 'kubepods.slice', name: place.name }, { memoryBytes: MIB });
    assert.equal(await readFile(join(slice, 'cgroup.subtree_control'), 'utf8'), '+memory');
    assert.equal(await readFile(join(root, 'cgroup.subtree_control'), 'utf8'), 'memory\n');
    assert.equal(await readFile(join(group, 'memory.max'), 'utf8'), String(MIB));
  } finally {
    await rm(root, { recursive: true });
  }
});

it('without cgroups a sandbox cannot be made, unless the configuration says that it needs none, but it can go', async () => {
  const lacking = new CgroupFolders(undefined);
  await assert.rejects(lacking.create(place, {}), (error) => isBoxError(error, 'CGROUP_FAILED'));
  assert.equal(lacking.watchOom(place).kills(), 0);
  await lacking.remove(place);
  const none = await openCgroups('none');
  await none.create(place, {});
  assert.equal(none.driver, 'none');
});
