import assert from 'node:assert/strict';
import { it } from 'node:test';
import { mountsBelow } from './mount-table.ts';

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
