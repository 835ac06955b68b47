import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Expectation, Outcome } from './expectations.ts';
import type { Result } from './ginkgo-report.ts';
import { judge } from './verdict.ts';

function expected(outcome: Outcome, reason = ''): Expectation {
  return { spec: 'a', outcome, seconds: 1, runs: 'full', reason };
}

function result(outcome: Outcome, message = ''): Result {
  return { spec: 'a', outcome, seconds: 2, message };
}

describe('the verdict on a spec', () => {
  it('is good if it did what the list says, with the reason of the list', () => {
    const [pass] = judge([expected('passed')], [result('passed')]);
    assert.deepEqual(pass, { ...result('passed'), why: '', asExpected: true });
    const [fail] = judge([expected('failed', 'refused by design')], [result('failed', 'long story')]);
    assert.deepEqual(fail, { ...result('failed', 'long story'), why: 'refused by design', asExpected: true });
  });

  for (const [was, is, why] of [
    ['passed', 'failed', /^new failure: line one$/],
    ['passed', 'skipped', /^new skip: line one$/],
    ['failed', 'skipped', /^new skip: line one$/],
    ['skipped', 'failed', /^new failure: line one$/],
    ['failed', 'passed', /^the list is stale, it says failed: reason$/],
    ['skipped', 'passed', /^the list is stale, it says skipped: reason$/],
  ] as const) {
    it(`is not good if it ${is} and the list says ${was}`, () => {
      const [verdict] = judge([expected(was, 'reason')], [result(is, 'line one\nline two')]);
      assert.equal(verdict?.asExpected, false);
      assert.match(verdict.why, why);
    });
  }

  it('is not good if it did not run, or is not in the list', () => {
    const verdicts = judge([expected('passed')], [{ ...result('passed'), spec: 'b' }]);
    assert.deepEqual(
      verdicts.map(({ spec, outcome, asExpected }) => [spec, outcome, asExpected]),
      [
        ['a', 'did not run', false],
        ['b', 'passed', false],
      ],
    );
  });
});
