import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { isBoxError } from '../../errors.ts';
import { StdinStream } from './stdin-stream.ts';

const WINDOW = 64 * 1024;
const MESSAGE = WINDOW / 2;

function stream() {
  const sent: Buffer[] = [];
  const state = { closed: false };
  const stdin = new StdinStream(
    (data, left) => {
      assert.equal(state.closed, false);
      sent.push(Buffer.from(data));
      setImmediate(left);
    },
    () => {
      state.closed = true;
    },
  );
  return {
    stdin,
    state,
    all: () => Buffer.concat(sent),
    sizes: () => sent.map(({ length }) => length),
    sent: () => sent.reduce((sum, { length }) => sum + length, 0),
  };
}

describe('StdinStream', () => {
  it('sends a window, then what is acknowledged', async () => {
    const { stdin, sent, state } = stream();
    stdin.end(Buffer.alloc(3 * WINDOW));
    assert.equal(sent(), WINDOW);
    stdin.acknowledge(MESSAGE);
    assert.equal(sent(), WINDOW + MESSAGE);
    await turn();
    assert.equal(state.closed, false);
    stdin.acknowledge(WINDOW + MESSAGE);
    stdin.acknowledge(2 * WINDOW + MESSAGE);
    await turn();
    assert.equal(sent(), 3 * WINDOW);
    assert.equal(state.closed, true);
  });

  it('cuts nothing into small messages, whatever is acknowledged, and sends what waited together', async () => {
    const { stdin, sizes } = stream();
    stdin.write(Buffer.alloc(WINDOW - 10));
    for (let piece = 0; piece < MESSAGE; piece += 1) stdin.write('x');
    for (let taken = 0; taken < WINDOW - 10; taken += 10) {
      stdin.acknowledge(taken);
      await turn();
    }
    stdin.acknowledge(WINDOW - 10);
    await turn();
    assert.ok(sizes().length < 20, sizes().join());
  });

  it('sends what comes while a message leaves in the next one', async () => {
    const { stdin, sizes, state } = stream();
    for (let piece = 0; piece < 5000; piece += 1) stdin.write('x');
    stdin.end();
    while (!state.closed) await turn();
    assert.deepEqual(sizes(), [1, 4999]);
  });

  it('sends every byte once, in order, and never more than the window', async () => {
    const piece = fc.uint8Array({ minLength: 0, maxLength: 40_000 });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), fc.infiniteStream(fc.nat(30_000)), async (pieces, steps) => {
        const { stdin, sent, all, state } = stream();
        for (const data of pieces) stdin.write(data);
        stdin.end();
        const total = pieces.reduce((sum, { length }) => sum + length, 0);
        for (let taken = 0; taken < total; ) {
          assert.ok(sent() - taken <= WINDOW);
          taken = Math.min(taken + (steps.next().value ?? 0), sent());
          stdin.acknowledge(taken);
          await turn();
        }
        for (let last = 0; last < 4; last += 1) await turn();
        assert.deepEqual(all(), Buffer.concat(pieces));
        assert.equal(state.closed, true);
      }),
      { numRuns: 30 },
    );
  });

  it('does not believe what cannot be', () => {
    const { stdin } = stream();
    stdin.write('four');
    for (const wrong of [5, -1, Number.NaN]) {
      assert.throws(
        () => stdin.acknowledge(wrong),
        (error) => isBoxError(error, 'GUEST_ANSWER'),
      );
    }
    stdin.acknowledge(4);
    assert.throws(
      () => stdin.acknowledge(3),
      (error) => isBoxError(error, 'GUEST_ANSWER'),
    );
  });
});
