/** The writer against others' eyes: fsck.erofs, and the kernel's mount compared with GNU tar's extraction of the same layer. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { listKernelTree } from '../../testing/kernel-tree.ts';
import { FSCK } from '../../testing/odd-tars.ts';
import { archive, directory, file, gnuLong, hardLink, member, pax, symlink } from '../../testing/tar-builder.ts';
import { type BuiltLayer, LayerBuilder } from '../layer/layer-builder.ts';
import { defaultLayerLimits } from '../layer/limits.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'erofs-oracle-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const canMount = process.getuid?.() === 0 && /\berofs\b/.test(readFileSync('/proc/filesystems', 'utf8'));
const skipMount = canMount ? false : 'mounting EROFS needs root and a kernel with erofs';
const skipFsck = existsSync(FSCK) ? false : `${FSCK} is not installed`;

function build(name: string, tar: Buffer): { readonly image: string; readonly built: BuiltLayer } {
  const image = path.join(scratch, `${name}.erofs`);
  const fd = openSync(image, 'w');
  try {
    const builder = new LayerBuilder(fd, defaultLayerLimits);
    for (let at = 0; at < tar.length; at += 100_000) builder.push(tar.subarray(at, at + 100_000));
    return { image, built: builder.finish(Buffer.alloc(16, 7)) };
  } finally {
    closeSync(fd);
  }
}

function withMount<T>(image: string, look: (mountpoint: string) => T): T {
  const mountpoint = mkdtempSync(path.join(scratch, 'mount-'));
  execFileSync('mount', ['-t', 'erofs', '-o', 'loop,ro', image, mountpoint]);
  try {
    return look(mountpoint);
  } finally {
    execFileSync('umount', [mountpoint]);
  }
}

function extract(name: string, tar: Buffer): string {
  const folder = path.join(scratch, `${name}.tree`);
  mkdirSync(folder);
  writeFileSync(path.join(scratch, `${name}.tar`), tar);
  execFileSync('tar', ['-xpf', path.join(scratch, `${name}.tar`), '--numeric-owner', '--same-owner', '-C', folder]);
  return folder;
}

const name = (index: number): string => `file-${String(index).padStart(5, '0')}-${'x'.repeat(index % 97)}`;

/** Everything a layer may hold, with sizes around the block and inline limits. */
function richTar(): Buffer {
  const members = [directory('d', { mode: 0o2750, uid: 12, gid: 34, mtime: 1_700_000_000 })];
  for (const size of [0, 1, 4095, 4096, 4097, 70_000, 1_048_577])
    members.push(file(`d/size-${size}`, Buffer.alloc(size, size % 251), { mtime: 1_600_000_000 + size }));
  // Beside its directory's other members: GNU tar would touch the directory's mtime later.
  members.push(hardLink('d/linked', 'd/size-70000'), directory('many'));
  for (let index = 0; index < 3000; index += 1) members.push(file(`many/${name(index)}`, String(index)));
  for (const length of [1, 60, 3583, 3584, 3585, 4000, 4095])
    members.push(gnuLong('K', 't'.repeat(length)), symlink(`link-${length}`, ''));
  members.push(file('a\xff\x01\n b', 'odd name'), hardLink('again', 'd/linked'));
  members.push(
    member({ name: 'null', type: '3', major: 1, minor: 3, mode: 0o666 }),
    member({ name: 'disk', type: '4', major: 259, minor: 70_000, mode: 0o640 }),
    member({ name: 'pipe', type: '6', mode: 0o600 }),
  );
  members.push(
    file('setuid', '#!', { mode: 0o4755 }),
    pax({ mtime: '1234567890.123456789' }),
    file('fine-time'),
    pax({ uid: '3000000000' }),
    file('big-uid'),
  );
  let deep = 'deep';
  for (let level = 0; level < 12; level += 1, deep += '/deep') members.push(directory(deep));
  return archive(...members);
}

test('fsck.erofs accepts a rich layer', { skip: skipFsck }, () => {
  execFileSync(FSCK, [build('fsck', richTar()).image], { stdio: 'pipe' });
});

test('the kernel sees what GNU tar extracts', { skip: skipMount }, () => {
  const tar = richTar();
  const extracted = listKernelTree(extract('rich', tar));
  const mounted = withMount(build('rich', tar).image, listKernelTree);
  assert.ok(mounted.length > 3000);
  assert.deepEqual(mounted, extracted);
});

test('a tar by GNU tar of a real tree comes out the same', { skip: skipMount }, () => {
  const tar = execFileSync(
    'tar',
    ['--format=pax', '--sort=name', '-C', '/', '-cf', '-', 'etc', 'usr/share/perl5', 'usr/share/zoneinfo'],
    { maxBuffer: 2 ** 30, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const extracted = listKernelTree(extract('real', tar));
  const { image, built } = build('real', tar);
  const mounted = withMount(image, listKernelTree);
  assert.deepEqual(built.impliedDirs, ['usr', 'usr/share']);
  const isExplicit = (line: string): boolean => !/^(?:usr|usr\/share) /.test(line);
  assert.deepEqual(mounted.filter(isExplicit), extracted.filter(isExplicit));
});

test('extended attributes arrive as bytes', { skip: skipMount }, () => {
  const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex');
  const tar = archive(
    pax({ 'SCHILY.xattr.security.capability': capability, 'SCHILY.xattr.user.note': Buffer.from([0, 255, 10, 61]) }),
    file('ping', 'x'),
    file('.wh.gone'),
    directory('o'),
    file('o/.wh..wh..opq'),
  );
  const shown = withMount(build('xattrs', tar).image, (mountpoint) => {
    const script =
      'import os,sys\nfor p in sys.argv[2:]:\n print(p, *sorted(n+"="+os.getxattr(sys.argv[1]+"/"+p,n).hex() for n in os.listxattr(sys.argv[1]+"/"+p)))';
    return execFileSync('python3', ['-c', script, mountpoint, '.', 'ping', 'o']).toString();
  });
  assert.equal(
    shown,
    `. trusted.overlay.origin=\nping security.capability=${capability.toString('hex')} user.note=00ff0a3d\no trusted.overlay.opaque=79\n`,
  );
});

test('overlayfs understands whiteouts and opaque directories', { skip: skipMount }, () => {
  const lower = build(
    'lower',
    archive(
      directory('d'),
      file('d/old', 'old'),
      file('d/keep', 'keep'),
      directory('o'),
      file('o/hidden'),
      file('gone'),
    ),
  ).image;
  const upper = build(
    'upper',
    archive(directory('d'), file('d/.wh.old'), directory('o'), file('o/.wh..wh..opq'), file('o/new'), file('.wh.gone')),
  ).image;
  const names = withMount(lower, (low) =>
    withMount(upper, (up) => {
      const merged = mkdtempSync(path.join(scratch, 'merged-'));
      execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', `lowerdir=${up}:${low}`, merged]);
      try {
        return listKernelTree(merged).map((line) => line.split(' ', 1)[0]);
      } finally {
        execFileSync('umount', [merged]);
      }
    }),
  );
  assert.deepEqual(names, ['d', 'd/keep', 'o', 'o/new']);
});

test('the same tar makes the same bytes', () => {
  const tar = richTar();
  assert.ok(readFileSync(build('one', tar).image).equals(readFileSync(build('two', tar).image)));
});
