import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CappedOutput } from './capped-output.ts';

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
});
