/** What odd tars mean: one line per case (docs/layers.md has the table). */

import { longName, type OddTar, testOddTars } from '../../testing/odd-tars.ts';
import { archive, directory, file, gnuLong, hardLink, member, pax, symlink } from '../../testing/tar-builder.ts';

const paths: readonly OddTar[] = [
  {
    name: 'root entry is ignored',
    tar: archive(directory('.', { mode: 0o700, uid: 7 }), file('a')),
    tree: ['a file 644 0'],
  },
  {
    name: 'missing parents are made and recorded',
    tar: archive(file('a/b/c', 'x')),
    tree: ['a directory 755', 'a/b directory 755', 'a/b/c file 644 1'],
    implied: ['a', 'a/b'],
  },
  {
    name: 'a later entry describes an implied directory',
    tar: archive(file('a/b'), directory('a', { mode: 0o1777 })),
    tree: ['a directory 1777', 'a/b file 644 0'],
    implied: [],
  },
  {
    name: '.. stays inside the root',
    tar: archive(file('../../etc/passwd', 'x')),
    tree: ['etc directory 755', 'etc/passwd file 644 1'],
    implied: ['etc'],
  },
  { name: '.. in the middle', tar: archive(directory('a'), file('a/../b')), tree: ['a directory 755', 'b file 644 0'] },
  {
    name: "absolute names are the root's",
    tar: archive(file('/etc/hosts')),
    tree: ['etc directory 755', 'etc/hosts file 644 0'],
    implied: ['etc'],
  },
  {
    name: 'doubled slashes and dots vanish',
    tar: archive(file('.//a/./b')),
    tree: ['a directory 755', 'a/b file 644 0'],
    implied: ['a'],
  },
  {
    name: 'a path that ends in .. names its directory',
    tar: archive(directory('a/b', { mode: 0o700 }), member({ name: 'a/b/..', type: '5', mode: 0o711 })),
    tree: ['a directory 711', 'a/b directory 700'],
    implied: [],
  },
  { name: 'a file named ..', tar: archive(file('a/..')), error: /names a directory/ },
  { name: 'an empty name', tar: archive(file('')), error: /names a directory/ },
  {
    name: 'parent is a symlink: resolved',
    tar: archive(directory('usr'), directory('usr/bin'), symlink('bin', 'usr/bin'), file('bin/sh')),
    tree: ['bin symlink 777 ->usr/bin', 'usr directory 755', 'usr/bin directory 755', 'usr/bin/sh file 644 0'],
  },
  {
    name: 'parent is an absolute symlink: resolved inside',
    tar: archive(directory('etc'), symlink('x', '/etc'), file('x/passwd')),
    tree: ['etc directory 755', 'etc/passwd file 644 0', 'x symlink 777 ->/etc'],
  },
  {
    name: 'symlink out by ..: stays inside',
    tar: archive(symlink('x', '../../../..'), file('x/a')),
    tree: ['a file 644 0', 'x symlink 777 ->../../../..'],
  },
  {
    name: 'dangling symlink parent: directories are made',
    tar: archive(symlink('x', 'a/b'), file('x/c')),
    tree: ['a directory 755', 'a/b directory 755', 'a/b/c file 644 0', 'x symlink 777 ->a/b'],
    implied: ['a', 'a/b'],
  },
  {
    name: 'symlink loop as parent',
    tar: archive(symlink('a', 'b'), symlink('b', 'a'), file('a/c')),
    error: /more than 40 symlinks/,
  },
  {
    name: 'the last component is never followed',
    tar: archive(file('a', 'xx'), symlink('l', 'a'), file('l', 'y')),
    tree: ['a file 644 2', 'l file 644 1'],
  },
  {
    name: 'a directory over a symlink replaces it',
    tar: archive(directory('a'), symlink('l', 'a'), directory('l', { mode: 0o700 })),
    tree: ['a directory 755', 'l directory 700'],
  },
  { name: 'file as a parent', tar: archive(file('a'), file('a/b')), error: /"a" in its path is not a directory/ },
  {
    name: 'name of 255 bytes',
    tar: archive(gnuLong('L', longName(255)), file('x')),
    tree: [`${longName(255)} file 644 0`],
  },
  {
    name: 'name of 256 bytes',
    tar: archive(gnuLong('L', longName(256)), file('x')),
    error: /name of 256 bytes is over 255/,
  },
  {
    name: 'path over 4095 bytes',
    tar: archive(pax({ path: `${longName(200)}/`.repeat(21) }), file('x')),
    error: /path of 4221 bytes is over 4095/,
  },
  {
    name: 'names are bytes, not UTF-8',
    tar: archive(member({ name: 'a\xff/b', type: '0' })),
    tree: ['a\xff directory 755', 'a\xff/b file 644 0'],
    implied: [],
  },
];

const repeats: readonly OddTar[] = [
  {
    name: 'a repeated file: the last one wins',
    tar: archive(file('a', 'x', { mode: 0o600 }), file('a', 'yy')),
    tree: ['a file 644 2'],
  },
  {
    name: 'a repeated directory only changes its attributes',
    tar: archive(directory('a'), file('a/b'), directory('a', { mode: 0o700, uid: 5 })),
    tree: ['a directory 700 5:0', 'a/b file 644 0'],
  },
  {
    name: 'a file over a directory replaces the subtree',
    tar: archive(directory('a'), file('a/b'), file('a')),
    tree: ['a file 644 0'],
  },
  {
    name: 'a directory over a file',
    tar: archive(file('a', 'x'), directory('a'), file('a/b')),
    tree: ['a directory 755', 'a/b file 644 0'],
  },
  {
    name: 'hard link',
    tar: archive(file('a', 'xyz'), hardLink('d/b', 'a')),
    tree: ['a file 644 3', 'd directory 755', 'd/b = a'],
    implied: ['d'],
  },
  {
    name: 'hard link by an absolute name',
    tar: archive(file('a'), hardLink('b', '/a')),
    tree: ['a file 644 0', 'b = a'],
  },
  {
    name: 'hard link to a symlink links the symlink',
    tar: archive(symlink('l', 'x'), hardLink('b', 'l')),
    tree: ['b symlink 777 ->x', 'l = b'],
  },
  {
    name: 'hard link through a symlinked parent',
    tar: archive(directory('d'), file('d/a'), symlink('l', 'd'), hardLink('b', 'l/a')),
    tree: ['b file 644 0', 'd directory 755', 'd/a = b', 'l symlink 777 ->d'],
  },
  { name: 'hard link to a later file', tar: archive(hardLink('b', 'a'), file('a')), error: /hard link "b" to "a"/ },
  {
    name: 'hard link to a missing parent',
    tar: archive(hardLink('b', 'x/a')),
    error: /"x" of its path is not in this layer/,
  },
  {
    name: 'hard link to a directory',
    tar: archive(directory('a'), hardLink('b', 'a')),
    error: /hard link "b" to "a".*directory/,
  },
  { name: 'hard link out of the root', tar: archive(hardLink('b', '../../etc/shadow')), error: /is not in this layer/ },
  {
    name: 'hard link keeps the data of a replaced file',
    tar: archive(file('a', 'xx'), hardLink('b', 'a'), file('a', 'y')),
    tree: ['a file 644 1', 'b file 644 2'],
  },
];

testOddTars('paths', paths);
testOddTars('repeats and hard links', repeats);
