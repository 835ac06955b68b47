import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LineCutter, rfc3339Nano } from './cri-lines.ts';
import { LineCounter } from './log-position.ts';

const TIME = 1_474_416_000_669_794_202n;

/** What a CRI log reader makes of the file: the content of F lines with a newline, of P lines without. */
function readBack(file: Buffer): string {
  return file
    .toString('latin1')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, , tag = '', ...content] = line.split(' ');
      return content.join(' ') + (tag === 'F' ? '\n' : '');
    })
    .join('');
}

function tagsOf(text: string): readonly (string | undefined)[] {
  const file = Buffer.concat(new LineCutter('stdout', 0n).push(Buffer.from(text), TIME)).toString();
  return file
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ')[2]);
}

describe('LineCutter', () => {
  it('writes a finished line with time, stream and tag', () => {
    const lines = new LineCutter('stdout', 0n).push(Buffer.from('hello\n'), TIME);
    assert.equal(Buffer.concat(lines).toString(), '2016-09-21T00:00:00.669794202Z stdout F hello\n');
  });

  it('keeps a line until its newline comes, under the time of its first byte', () => {
    const cutter = new LineCutter('stderr', 0n);
    assert.deepEqual(cutter.push(Buffer.from('he'), TIME), []);
    assert.equal(cutter.consumed, 0n);
    assert.equal(cutter.received, 2n);
    const lines = cutter.push(Buffer.from('llo\n'), TIME + 1n);
    assert.equal(Buffer.concat(lines).toString(), `${rfc3339Nano(TIME)} stderr F hello\n`);
    assert.equal(cutter.consumed, 6n);
  });

  it('dates the first line by its first byte and the rest by theirs', () => {
    const cutter = new LineCutter('stdout', 0n);
    cutter.push(Buffer.from('a'), TIME);
    const file = Buffer.concat(cutter.push(Buffer.from('b\nc\nd\n'), TIME + 1n)).toString();
    assert.deepEqual(
      file
        .trimEnd()
        .split('\n')
        .map((line) => line.split(' ')[0]),
      [TIME, TIME + 1n, TIME + 1n].map(rfc3339Nano),
    );
  });

  it('cuts a long line at 16 KiB: pieces P, the last one F', () => {
    assert.deepEqual(tagsOf(`${'x'.repeat(16_384 * 2 + 5)}\n`), ['P', 'P', 'F']);
  });

  it('a line of exactly 16 KiB is whole', () => {
    assert.deepEqual(tagsOf(`${'x'.repeat(16_384)}\n`), ['F']);
  });

  it('writes output that ends without a newline as a last piece', () => {
    const cutter = new LineCutter('stdout', 0n);
    cutter.push(Buffer.from('no newline'), TIME);
    assert.equal(Buffer.concat(cutter.end()).toString(), `${rfc3339Nano(TIME)} stdout P no newline\n`);
    assert.deepEqual(cutter.end(), []);
  });

  it('loses nothing however the bytes arrive, and the file alone tells how many they were', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ' ', '\n', '\r', 'P', 'x'.repeat(9000)), maxLength: 40 });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 10 }), fc.integer({ min: 1, max: 40_000 }), (chunks, step) => {
        const cutter = new LineCutter('stdout', 0n);
        const lines = chunks.flatMap((chunk) => cutter.push(Buffer.from(chunk), TIME));
        const file = Buffer.concat([...lines, ...cutter.end()]);
        assert.equal(readBack(file), chunks.join(''));
        const counter = new LineCounter();
        for (let at = 0; at < file.length; at += step) counter.push(file.subarray(at, at + step));
        assert.equal(counter.stdout, cutter.consumed);
        assert.equal(counter.wholeBytes, file.length);
        assert.equal(cutter.consumed, BigInt(chunks.join('').length));
      }),
    );
  });
});

describe('rfc3339Nano', () => {
  it('always has nine digits', () => {
    assert.equal(rfc3339Nano(1_000_000_000n), '1970-01-01T00:00:01.000000000Z');
  });
});
