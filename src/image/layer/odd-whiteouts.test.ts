/** What odd tars mean: one line per case (docs/layers.md has the table). */

import { type OddTar, testOddTars } from '../../testing/odd-tars.ts';
import { archive, directory, file, hardLink, member } from '../../testing/tar-builder.ts';

const whiteoutLine = (at: string): string => `${at} char 0 0:0`;
const ORIGIN = ' {trusted.overlay.origin=}';
const OPAQUE = ' {trusted.overlay.opaque=y}';
const device = (name: string, type: string, major: number, minor: number): Buffer =>
  member({ name, type, major, minor, mode: 0o600 });

const whiteouts: readonly OddTar[] = [
  {
    name: 'whiteout',
    tar: archive(directory('d'), file('d/.wh.a')),
    tree: [`d directory 755${ORIGIN}`, whiteoutLine('d/a')],
  },
  { name: 'whiteout in the root', tar: archive(file('.wh.a')), tree: [`/${ORIGIN}`, whiteoutLine('a')] },
  {
    name: 'whiteout in a directory that is implied',
    tar: archive(file('d/.wh.a')),
    tree: [`d directory 755${ORIGIN}`, whiteoutLine('d/a')],
    implied: ['d'],
  },
  { name: 'whiteout and a new file: the file', tar: archive(file('.wh.a'), file('a', 'x')), tree: ['a file 644 1'] },
  {
    name: 'new file and then its whiteout: the file',
    tar: archive(file('a', 'x'), file('.wh.a')),
    tree: ['a file 644 1'],
  },
  {
    name: 'whiteout and a new directory: opaque',
    tar: archive(file('.wh.a'), directory('a'), file('a/b')),
    tree: [`a directory 755${OPAQUE}`, 'a/b file 644 0'],
  },
  {
    name: 'whiteout and an implied new directory: opaque and not implied',
    tar: archive(file('.wh.a'), file('a/b')),
    tree: [`a directory 755${OPAQUE}`, 'a/b file 644 0'],
    implied: [],
  },
  {
    name: 'whiteouts below a new directory mean nothing',
    tar: archive(file('.wh.a'), file('a/b/.wh.c')),
    tree: [`a directory 755${OPAQUE}`, 'a/b directory 755'],
    implied: [],
  },
  {
    name: 'opaque directory',
    tar: archive(directory('a'), file('a/.wh..wh..opq'), file('a/b')),
    tree: [`a directory 755${OPAQUE}`, 'a/b file 644 0'],
  },
  {
    name: 'opaque mark before its directory',
    tar: archive(file('a/.wh..wh..opq'), directory('a', { mode: 0o700 })),
    tree: [`a directory 700${OPAQUE}`],
  },
  {
    name: 'opaque and implied: attributes still come from below',
    tar: archive(file('a/.wh..wh..opq')),
    tree: [`a directory 755${OPAQUE}`],
    implied: ['a'],
  },
  {
    name: 'marks below an opaque directory are dropped',
    tar: archive(file('a/.wh..wh..opq'), file('a/b/.wh..wh..opq'), file('a/.wh.c')),
    tree: [`a directory 755${OPAQUE}`, 'a/b directory 755'],
    implied: ['a'],
  },
  {
    name: 'opaque root',
    tar: archive(file('.wh..wh..opq'), file('a/b'), file('.wh.c')),
    tree: ['a directory 755', 'a/b file 644 0'],
    rootOpaque: true,
    implied: [],
  },
  { name: 'whiteout that names no file', tar: archive(file('.wh.')), error: /whiteout names no file/ },
  { name: 'whiteout of .', tar: archive(file('d/.wh..')), error: /whiteout names no file/ },
  { name: 'whiteout of ..', tar: archive(file('d/.wh...')), error: /whiteout names no file/ },
  {
    name: 'whiteout name as a directory',
    tar: archive(file('.wh.a/b')),
    error: /whiteout name ".wh.a" is used as a directory/,
  },
  {
    name: 'aufs metadata is ignored',
    tar: archive(directory('.wh..wh.plnk'), file('.wh..wh.plnk/1.2', 'x'), file('.wh..wh.aufs'), file('a')),
    tree: ['a file 644 0'],
  },
  {
    name: 'hard link into aufs metadata',
    tar: archive(file('.wh..wh.plnk/1', 'x'), hardLink('a', '.wh..wh.plnk/1')),
    error: /is not in this layer/,
  },
  {
    name: 'a char device 0:0 is a whiteout',
    tar: archive(device('a', '3', 0, 0)),
    tree: [`/${ORIGIN}`, whiteoutLine('a')],
  },
  {
    name: 'a char device 0:0 and a directory: opaque',
    tar: archive(directory('a'), device('a', '3', 0, 0)),
    tree: [`a directory 755${OPAQUE}`],
  },
];

testOddTars('whiteouts', whiteouts);
