import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { it } from 'node:test';
import { deviceOver, mountsBelow } from './mount-table.ts';

const TABLE = [
  '22 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
  '30 22 0:5 / /a/b rw - tmpfs tmpfs rw',
  '31 30 0:6 / /a/b/c\\040d rw shared:1 - tmpfs tmpfs rw',
  '32 22 0:7 / /a/bc rw - tmpfs tmpfs rw',
  '',
].join('\n');

it('mountsBelow finds the folder itself and what is below, not what merely begins alike', () => {
  assert.deepEqual(mountsBelow(TABLE, '/a/b'), ['/a/b', '/a/b/c d']);
  assert.deepEqual(mountsBelow(TABLE, '/'), ['/', '/a/b', '/a/b/c d', '/a/bc']);
});

it('deviceOver tells the device by the deepest mount over a name, and of two at one point by the later', () => {
  const device = (path: string): number => deviceOver(TABLE, path);
  assert.deepEqual(['/x', '/a/b', '/a/b/c d/e', '/a/bcd'].map(device), [254 * 256, 5, 6, 254 * 256]);
  assert.equal(
    deviceOver(`${TABLE}33 22 259:300 / /a/bc rw - ext4 /dev/nvme1n1 rw\n`, '/a/bc/x'),
    2 ** 20 + 259 * 256 + 44,
  );
});

it('deviceOver says what stat says', async () => {
  const mountinfo = await readFile('/proc/self/mountinfo', 'utf8');
  for (const path of ['/proc/self', '/dev/pts', '/sys'])
    assert.equal(deviceOver(mountinfo, path), (await stat(path)).dev);
});
