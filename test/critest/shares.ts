/** Which specs run, and in which node. Pure. */
import type { Expectation } from './expectations.ts';

export interface Selection {
  /** A regular expression over spec names; case does not matter. */
  readonly focus: string | undefined;
  /** `ci` leaves out what the list marks `full`. */
  readonly runs: 'ci' | 'full';
}

/** Throws if nothing is left. */
export function select(all: readonly Expectation[], { focus, runs }: Selection): readonly Expectation[] {
  const pattern = new RegExp(focus ?? '', 'i');
  const selected = all.filter((row) => pattern.test(row.spec) && (runs === 'full' || row.runs === 'ci'));
  if (selected.length === 0) throw new Error(`no spec's name matches ${focus}`);
  return selected;
}

/** Specs of images count and remove images of the same names: they stay together, with the whole run's images around them. */
const TOGETHER = /^Image /;

/** At most `nodes` shares that take about equally long: the longest first, each to the share that has least. */
export function split(rows: readonly Expectation[], nodes: number): readonly (readonly Expectation[])[] {
  const shares: Expectation[][] = Array.from({ length: nodes }, () => []);
  const images = rows.filter(({ spec }) => TOGETHER.test(spec));
  const others = rows.filter(({ spec }) => !TOGETHER.test(spec)).map((row) => [row]);
  for (const unit of [images, ...others].toSorted((a, b) => seconds(b) - seconds(a))) {
    const least = shares.reduce((best, share) => (seconds(share) < seconds(best) ? share : best));
    least.push(...unit);
  }
  return shares.filter((share) => share.length > 0);
}

/** What these take in the test node, by the list. */
export function seconds(rows: readonly Expectation[]): number {
  return rows.reduce((sum, row) => sum + row.seconds, 0);
}
