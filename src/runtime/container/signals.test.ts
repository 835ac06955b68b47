import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isBoxError } from '../../errors.ts';
import { signalNumber } from './signals.ts';

describe('signalNumber', () => {
  for (const [name, number] of [
    ['SIGTERM', 15],
    ['term', 15],
    ['9', 9],
    ['SIGQUIT', 3],
    ['SIGRTMIN', 34],
    ['SIGRTMIN+3', 37],
    ['SIGRTMAX-1', 63],
  ] as const) {
    it(`${name} is ${number}`, () => assert.equal(signalNumber(name), number));
  }

  for (const name of ['', 'SIGNOPE', '0', '65', 'SIGRTMAX+1', 'toString']) {
    it(`refuses ${JSON.stringify(name)}`, () => assert.throws(() => signalNumber(name), { reason: 'INVALID_REQUEST' }));
  }

  it('answers any string with a signal or a clear error', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        try {
          const number = signalNumber(name);
          assert.ok(number >= 1 && number <= 64);
        } catch (error) {
          assert.ok(isBoxError(error, 'INVALID_REQUEST'));
        }
      }),
    );
  });
});
