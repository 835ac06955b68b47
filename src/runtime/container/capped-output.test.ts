import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CappedOutput } from './capped-output.ts';

const MIB = 1024 * 1024;

describe('capped output', () => {
  /** Both streams, after these pieces have come. */
  const collected = (cap: number, ...pieces: readonly (readonly ['stdout' | 'stderr', string])[]) => {
    const output = new CappedOutput(cap);
    for (const [stream, data] of pieces) output.add(stream, Buffer.from(data));
    return [output.stdout().toString(), output.stderr().toString()];
  };

  it('keeps all up to the cap, whichever stream it comes on', () => {
    assert.deepEqual(collected(6, ['stdout', 'abc'], ['stderr', 'xyz']), ['abc', 'xyz']);
    assert.deepEqual(collected(6, ['stdout', 'abcdef']), ['abcdef', '']);
    assert.deepEqual(collected(6, ['stderr', 'uvwxyz']), ['', 'uvwxyz']);
    assert.deepEqual(collected(6), ['', '']);
  });

  it('cuts the piece that goes beyond it, and drops what comes later on either stream', () => {
    assert.deepEqual(collected(6, ['stdout', 'abc'], ['stderr', 'wxyz'], ['stdout', 'd']), ['abc', 'wxy']);
    assert.deepEqual(collected(6, ['stderr', 'tuvwxyz'], ['stderr', 'z'], ['stdout', 'a']), ['', 'tuvwxy']);
    assert.deepEqual(collected(0, ['stdout', 'a'], ['stderr', 'z']), ['', '']);
  });

  it('holds what it keeps and no more, however small the pieces are', () => {
    const output = new CappedOutput(MIB);
    const piece = Buffer.from('x');
    const before = process.memoryUsage();
    for (let count = 0; count < MIB; count += 1) output.add('stdout', piece);
    const { heapUsed, external } = process.memoryUsage();
    assert.ok(heapUsed + external - before.heapUsed - before.external < 8 * MIB);
    assert.ok(output.stdout().equals(Buffer.alloc(MIB, 'x')));
  });

  it('keeps pieces of any size in order', () => {
    const output = new CappedOutput(4 * MIB);
    const pieces = [1, 65_535, 65_536, 3, 200_000, 131_069, 70_000].map((size, index) => Buffer.alloc(size, index + 1));
    for (const piece of pieces) output.add('stderr', piece);
    assert.ok(output.stderr().equals(Buffer.concat(pieces)));
  });
});
