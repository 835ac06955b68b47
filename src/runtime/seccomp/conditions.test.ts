import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AUDIT_X86_64, checkProgram, runProgram } from '../../testing/bpf-machine.ts';
import { compare } from '../../testing/seccomp-oracle.ts';
import { CODE, statement } from './bpf.ts';
import { testCondition } from './conditions.ts';
import { type Argument, OPERATORS } from './profile.ts';

const HOLDS = 1;
const FAILS = 2;
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
/** The value itself, its neighbours, and those that differ in one half only. */
const DISTANCES = [0n, 1n, -1n, 2n ** 32n, -(2n ** 32n), 2n ** 32n + 1n, -(2n ** 32n) - 1n];

function test(conditions: readonly Argument[], args: readonly bigint[]): number {
  const program = [...testCondition(conditions, statement(CODE.return, HOLDS)), statement(CODE.return, FAILS)];
  checkProgram(program);
  return runProgram(program, { architecture: AUDIT_X86_64, number: 0, args });
}

describe('testCondition', () => {
  for (const op of OPERATORS) {
    it(`${op} holds where it should`, () => {
      fc.assert(
        fc.property(u64, u64, fc.integer({ min: 0, max: 5 }), (value, valueTwo, index) => {
          const wanted = op === 'SCMP_CMP_MASKED_EQ' ? value & valueTwo : value;
          for (const distance of DISTANCES) {
            const actual = BigInt.asUintN(64, wanted + distance);
            const args = [0n, 0n, 0n, 0n, 0n, 0n].with(index, actual);
            const condition = { index, op, value, valueTwo };
            assert.equal(test([condition], args), compare(condition, actual, 64) ? HOLDS : FAILS);
          }
        }),
      );
    });
  }

  it('needs all of several', () => {
    const conditions = [0, 1, 2, 3, 4, 5].map(
      (index): Argument => ({ index, op: 'SCMP_CMP_LE', value: BigInt(index) << 31n, valueTwo: 0n }),
    );
    const args = conditions.map(({ value }) => value);
    assert.equal(test(conditions, args), HOLDS);
    for (const { index, value } of conditions) assert.equal(test(conditions, args.with(index, value + 1n)), FAILS);
  });
});
