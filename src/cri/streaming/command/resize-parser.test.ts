import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isBoxError } from '../../../errors.ts';
import { anyBytes, cut, cuts } from '../../../testing/cut.ts';
import { ResizeParser } from './resize-parser.ts';

const length = fc.integer({ min: 1, max: 65_535 });
const size = fc.tuple(length, length).map(([width, height]) => ({ width, height }));

describe('ResizeParser', () => {
  it('reads all sizes, however they are cut and parted', () => {
    fc.assert(
      fc.property(fc.array(size), fc.constantFrom('', '\n', ' \r\n'), cuts, (sizes, parting, lengths) => {
        const text = sizes.map(({ width, height }) => `{"Width":${width},"Height":${height}}${parting}`).join('');
        const parser = new ResizeParser();
        assert.deepEqual(
          cut(Buffer.from(text), lengths).flatMap((piece) => parser.push(piece)),
          sizes,
        );
      }),
    );
  });

  it('passes over sizes that are none', () => {
    assert.deepEqual(new ResizeParser().push(Buffer.from('{"Width":0,"Height":24}{"Width":80,"Height":24}')), [
      { width: 80, height: 24 },
    ]);
  });

  it('ends in one clear error, or reads on, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(anyBytes(200)), (pieces) => {
        const parser = new ResizeParser();
        try {
          for (const piece of pieces) parser.push(piece);
        } catch (error) {
          assert.ok(isBoxError(error, 'INVALID_REQUEST'), String(error));
        }
      }),
    );
  });

  for (const [what, text, message] of [
    ['an object without an end', `{"Width":${' '.repeat(300)}`, /longer than 256/],
    ['a number out of range', '{"Width":70000,"Height":1}', /is not/],
    ['another object', '{"width":1}', /is not/],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(() => new ResizeParser().push(Buffer.from(text)), message);
    });
  }
});
