import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseHierarchy, rootsOf } from './hierarchy.ts';

const UNIFIED = '40 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw';
const V1 = [
  '33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct',
  '36 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
  '37 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd',
];

it('version 2 alone', () => {
  const found = parseHierarchy(
    `22 1 0:20 / / rw - ext4 /dev/vda rw\n30 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n`,
  );
  assert.deepEqual(found, { version: 2, root: '/sys/fs/cgroup' });
});

it('version 1, alone or with version 2 beside it: controllers that share a place are one', () => {
  const found = parseHierarchy([...V1, UNIFIED].join('\n'));
  assert.ok(found?.version === 1);
  assert.deepEqual(rootsOf(found), ['/sys/fs/cgroup/cpu,cpuacct', '/sys/fs/cgroup/memory']);
  assert.equal(found.roots.pids, undefined);
});

it('a mount point with a space is written with an escape', () => {
  const found = parseHierarchy('30 22 0:26 / /mnt/my\\040groups rw - cgroup2 cgroup2 rw');
  assert.deepEqual(found, { version: 2, root: '/mnt/my groups' });
});

it('none', () => assert.equal(parseHierarchy('22 1 0:20 / / rw - ext4 /dev/vda rw'), undefined));
