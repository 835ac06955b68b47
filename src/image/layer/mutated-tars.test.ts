/** Damaged archives must end in a layer or in one of two errors, quickly: never in another exception, hang or bad image. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isBoxError } from '../../errors.ts';
import { buildLayer } from '../../testing/odd-tars.ts';
import {
  archive,
  directory,
  file,
  gnuLong,
  hardLink,
  member,
  pax,
  sealHeader,
  symlink,
} from '../../testing/tar-builder.ts';

const base = archive(
  directory('d', { uid: 5 }),
  file('d/f', 'data '.repeat(300)),
  symlink('l', 'd'),
  file('l/through', 'x'),
  hardLink('h', 'd/f'),
  pax({ path: 'long/'.repeat(30), 'SCHILY.xattr.user.a': 'v', mtime: '12.5' }),
  file('p', 'yy'),
  gnuLong('L', 'n'.repeat(180)),
  file('g'),
  file('d/.wh.gone'),
  file('d/.wh..wh..opq'),
  member({ name: 'c', type: '3', major: 1, minor: 3 }),
);

/** A build that takes longer than this is taken for a hang. */
const SLOW_MS = 2000;

function survives(tar: Buffer): void {
  const started = performance.now();
  try {
    buildLayer(tar, { maxEntries: 10_000 });
  } catch (error) {
    assert.ok(isBoxError(error, 'LAYER_INVALID', 'LAYER_LIMIT'), String(error));
  }
  assert.ok(performance.now() - started < SLOW_MS);
}

const edit = fc.record({ at: fc.nat({ max: base.length - 1 }), value: fc.integer({ min: 0, max: 255 }) });

test('bytes changed anywhere, checksums left wrong', () => {
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 5 }), (edits) => {
      const tar = Buffer.from(base);
      for (const { at, value } of edits) tar.writeUInt8(value, at);
      survives(tar);
    }),
    { numRuns: 150 },
  );
});

test('bytes changed in headers, checksums made right', () => {
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
      const tar = Buffer.from(base);
      for (const { at, value } of edits) {
        tar.writeUInt8(value, at);
        const header = tar.subarray(at - (at % 512), at - (at % 512) + 512);
        if (header.toString('latin1', 257, 262) === 'ustar') sealHeader(header);
      }
      survives(tar);
    }),
    { numRuns: 300 },
  );
});

test('cut anywhere', () => {
  fc.assert(
    fc.property(fc.nat({ max: base.length }), (length) => survives(base.subarray(0, length))),
    { numRuns: 100 },
  );
});

test('members in any order and number', () => {
  const name = fc.constantFrom(
    'a',
    'b',
    'a/b',
    'a/b/c',
    './a',
    '../a',
    '/b',
    'a/../b',
    '.wh.a',
    'a/.wh.b',
    'a/.wh..wh..opq',
    '.wh..wh..opq',
    'l/x',
    'l',
  );
  const made = fc.oneof(
    name.map((text) => file(text, 'data')),
    name.map((text) => directory(text)),
    fc.tuple(name, name).map(([text, target]) => symlink(text, target)),
    fc.tuple(name, name).map(([text, target]) => hardLink(text, target)),
    name.map((text) => member({ name: text, type: '3', major: 0, minor: 0 })),
  );
  fc.assert(
    fc.property(fc.array(made, { maxLength: 25 }), (members) => survives(archive(...members))),
    { numRuns: 300 },
  );
});
