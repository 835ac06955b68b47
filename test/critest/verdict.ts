/** What a run says beside what was expected of it. Pure. */
import type { Expectation, Outcome } from './expectations.ts';
import type { Result } from './ginkgo-report.ts';

export interface Verdict {
  readonly spec: string;
  readonly outcome: Outcome | 'did not run';
  readonly seconds: number;
  /** Why it did not pass, or what differs from the list. */
  readonly why: string;
  readonly asExpected: boolean;
  /** What critest said. */
  readonly message: string;
}

/**
 * One verdict per expected spec and per result that nobody expected. A spec that passes though the list says otherwise is not as
 * expected either: the list must stay true.
 */
export function judge(expected: readonly Expectation[], results: readonly Result[]): readonly Verdict[] {
  const found = new Map(results.map((result) => [result.spec, result]));
  const known = new Set(expected.map(({ spec }) => spec));
  return [
    ...expected.map((expectation) => judgeOne(expectation, found.get(expectation.spec))),
    ...results.filter(({ spec }) => !known.has(spec)).map(unlisted),
  ];
}

function judgeOne(expected: Expectation, result: Result | undefined): Verdict {
  const { spec } = expected;
  if (result === undefined) {
    return { spec, outcome: 'did not run', seconds: 0, why: 'critest did not run it', asExpected: false, message: '' };
  }
  const asExpected = result.outcome === expected.outcome;
  return { ...result, asExpected, why: asExpected ? expected.reason : difference(expected, result) };
}

function difference(expected: Expectation, result: Result): string {
  switch (result.outcome) {
    case 'passed':
      return `the list is stale, it says ${expected.outcome}: ${expected.reason}`;
    case 'failed':
      return `new failure: ${firstLine(result.message)}`;
    case 'skipped':
      return `new skip: ${firstLine(result.message)}`;
  }
}

function unlisted(result: Result): Verdict {
  return { ...result, asExpected: false, why: `not in the list: ${firstLine(result.message)}` };
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? '';
}
