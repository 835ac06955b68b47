/** What odd tars mean: one line per case (docs/layers.md has the table). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildLayer, longName, type OddTar, testOddTars } from '../../testing/odd-tars.ts';
import {
  archive,
  directory,
  endOfArchive,
  file,
  gnuLong,
  hardLink,
  member,
  pax,
  sealHeader,
  symlink,
} from '../../testing/tar-builder.ts';

const device = (name: string, type: string, major: number, minor: number): Buffer =>
  member({ name, type, major, minor, mode: 0o600 });

const kinds: readonly OddTar[] = [
  {
    name: 'devices and fifo',
    tar: archive(device('c', '3', 1, 3), device('b', '4', 8, 300), device('p', '6', 0, 0)),
    tree: ['b block 600 8:300', 'c char 600 1:3', 'p fifo 600'],
  },
  { name: 'a block device 0:0 is none', tar: archive(device('b', '4', 0, 0)), tree: ['b block 600 0:0'] },
  {
    name: 'device number out of range',
    tar: archive(device('c', '3', 5000, 0)),
    error: /device number 5000:0 is out of range/,
  },
  { name: 'setuid, setgid, sticky', tar: archive(file('a', '', { mode: 0o7755 })), tree: ['a file 7755 0'] },
  { name: 'mode with type bits', tar: archive(file('a', '', { mode: 0o100644 })), tree: ['a file 644 0'] },
  { name: 'type 7 is a file', tar: archive(member({ name: 'a', type: '7', data: 'x' })), tree: ['a file 644 1'] },
  {
    name: 'old NUL type is a file',
    tar: archive(member({ name: 'a', type: '\0', data: 'x' })),
    tree: ['a file 644 1'],
  },
  {
    name: 'file whose name ends in a slash is a directory',
    tar: archive(member({ name: 'a/', type: '\0', mode: 0o755 })),
    tree: ['a directory 755'],
  },
  { name: 'such a directory with data', tar: archive(member({ name: 'a/', data: 'x' })), error: /ends in a slash/ },
  {
    name: 'size of a hard link is ignored',
    tar: archive(file('a', 'x'), hardLink('b', 'a', { size: 1 }), file('c')),
    tree: ['a file 644 1', 'b = a', 'c file 644 0'],
  },
  { name: 'symlink without target', tar: archive(symlink('a', '')), error: /symlink target of 0 bytes/ },
  { name: 'GNU sparse', tar: archive(member({ type: 'S', format: 'gnu' })), error: /sparse files are not supported/ },
  {
    name: 'pax sparse',
    tar: archive(pax({ 'GNU.sparse.major': '1' }), file('a')),
    error: /sparse files are not supported/,
  },
  {
    name: 'multi-volume',
    tar: archive(member({ type: 'M', format: 'gnu' })),
    error: /entry type "M" is not supported/,
  },
  { name: 'unknown type', tar: archive(member({ type: 'Z' })), error: /entry type "Z" is not supported/ },
];

const headers: readonly OddTar[] = [
  {
    name: 'v7 header',
    tar: archive(member({ name: 'a', format: 'v7', type: '\0', data: 'x' })),
    tree: ['a file 644 1'],
  },
  {
    name: 'ustar prefix',
    tar: archive(member({ name: 'b', prefix: 'a' })),
    tree: ['a directory 755', 'a/b file 644 0'],
    implied: ['a'],
  },
  {
    name: 'GNU header: the prefix field is no prefix',
    tar: archive(member({ name: 'b', prefix: 'a', format: 'gnu' })),
    tree: ['b file 644 0'],
  },
  {
    name: 'GNU long name and long link',
    tar: archive(gnuLong('K', longName(150)), gnuLong('L', longName(120)), symlink('x', 'y')),
    tree: [`${longName(120)} symlink 777 ->${longName(150)}`],
  },
  {
    name: 'pax path, linkpath, ids, size',
    tar: archive(pax({ path: 'é', uid: '3000000000', gid: '7', size: '2' }), file('x', 'ab', { size: 0 })),
    tree: ['Ã© file 644 3000000000:7 2'],
  },
  { name: 'empty pax value takes a record back', tar: archive(pax({ path: '' }), file('x')), tree: ['x file 644 0'] },
  {
    name: 'global pax header is ignored',
    tar: archive(pax({ comment: 'abc', path: 'zzz' }, 'g'), file('x')),
    tree: ['x file 644 0'],
  },
  {
    name: 'base-256 uid',
    tar: archive(
      file('a', '', { patch: (header) => header.writeBigUInt64BE(0x8000_0000_0000_0000n | 3_000_000_000n, 108) }),
    ),
    tree: ['a file 644 3000000000:0 0'],
  },
  {
    name: 'negative base-256 uid',
    tar: archive(file('a', '', { patch: (header) => header.fill(0xff, 108, 116) })),
    error: /uid -1 is out of range/,
  },
  {
    name: 'uid over 32 bits',
    tar: archive(pax({ uid: '4294967296' }), file('a')),
    error: /uid 4294967296 is out of range/,
  },
  {
    name: 'number that is not octal',
    tar: archive(file('a', '', { patch: (header) => header.write('0000zz4\0', 100) })),
    error: /mode is not an octal number/,
  },
  {
    name: 'wrong checksum',
    tar: archive(file('a', '', { patchAfterChecksum: (header) => header.write('b', 0) })),
    error: /checksum is wrong/,
  },
  {
    name: 'checksum of signed bytes',
    tar: archive(file('\xff', '', { patchAfterChecksum: signedChecksum })),
    tree: ['\xff file 644 0'],
  },
  { name: 'NUL in a pax path', tar: archive(pax({ path: 'a\0b' }), file('x')), error: /NUL byte/ },
  {
    name: 'pax record with a wrong length',
    tar: archive(member({ type: 'x', data: '99 path=a\n' }), file('x')),
    error: /pax record has a wrong length/,
  },
  {
    name: 'pax record without a length',
    tar: archive(member({ type: 'x', data: 'path=a\n' }), file('x')),
    error: /pax record has no length/,
  },
  {
    name: 'pax header over 1 MiB',
    tar: archive(member({ type: 'x', size: 2 << 20 })),
    error: /over the limit of 1048576/,
  },
  {
    name: 'pax mtime that is no time',
    tar: archive(pax({ mtime: 'soon' }), file('x')),
    error: /pax mtime is not a time/,
  },
  {
    name: 'xattrs are kept as bytes',
    tar: archive(
      pax({ 'SCHILY.xattr.user.a': Buffer.from([0xff, 0]), 'SCHILY.xattr.security.capability': 'c' }),
      file('x'),
    ),
    tree: ['x file 644 0 {user.a=\xff\0 security.capability=c}'],
  },
  {
    name: 'trusted and foreign xattrs are dropped',
    tar: archive(pax({ 'SCHILY.xattr.trusted.overlay.opaque': 'y', 'SCHILY.xattr.com.apple.x': '1' }), directory('d')),
    tree: ['d directory 755'],
    dropped: ['trusted.overlay.opaque', 'com.apple.x'],
  },
  {
    name: 'xattr name too long',
    tar: archive(pax({ [`SCHILY.xattr.user.${longName(260)}`]: '1' }), file('x')),
    error: /extended attribute .* is too long/,
  },
];

const ends: readonly OddTar[] = [
  { name: 'empty archive', tar: archive(), tree: [] },
  { name: 'no bytes at all', tar: Buffer.alloc(0), tree: [] },
  { name: 'no end marker', tar: file('a', 'x'), tree: ['a file 644 1'] },
  {
    name: 'garbage after the end',
    tar: Buffer.concat([archive(file('a')), Buffer.alloc(700, 0x55)]),
    tree: ['a file 644 0'],
  },
  {
    name: 'data after one zero block',
    tar: Buffer.concat([file('a'), Buffer.alloc(512), file('b'), endOfArchive]),
    error: /data follows a single zero block/,
  },
  { name: 'truncated in data', tar: file('a', 'x'.repeat(600)).subarray(0, 900), error: /truncated/ },
  { name: 'truncated in a header', tar: Buffer.concat([file('a'), file('b').subarray(0, 100)]), error: /truncated/ },
  { name: 'extended header without an entry', tar: archive(pax({ path: 'a' })), error: /truncated/ },
  {
    name: 'more entries than allowed',
    tar: archive(file('a/b/c/d')),
    limits: { maxEntries: 3 },
    error: /more than 3 entries/,
  },
  {
    name: 'more metadata than allowed',
    tar: archive(symlink('a', longName(80))),
    limits: { maxMetadataBytes: 50 },
    error: /more than 50 bytes of names/,
  },
];

function signedChecksum(header: Buffer): void {
  sealHeader(header);
  const unsigned = Number.parseInt(header.toString('latin1', 148, 154), 8);
  header.write((unsigned - 256).toString(8).padStart(6, '0'), 148, 'latin1');
}

testOddTars('kinds', kinds);
testOddTars('headers', headers);
testOddTars('ends and limits', ends);

test('a layer over its uncompressed size is refused', () => {
  assert.throws(
    () => buildLayer(archive(file('a', 'x'.repeat(5000))), { maxUncompressedBytes: 4096 }),
    /more than 4096 bytes uncompressed/,
  );
});
