import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Expectation } from './expectations.ts';
import { seconds, select, split } from './shares.ts';

function row(spec: string, seconds: number, runs: 'ci' | 'full' = 'full'): Expectation {
  return { spec, seconds, runs, outcome: 'passed', reason: '' };
}

const rows = fc
  .array(fc.tuple(fc.constantFrom('Image ', 'Container '), fc.nat(100)))
  .map((all) => all.map(([kind, seconds], index) => row(`${kind}${index}`, seconds)));

describe('which specs run', () => {
  const all = [row('Container runs', 1, 'ci'), row('Image Manager lists', 1), row('PodSandbox runs', 1)];

  it('are picked by name, by the subset, or by both', () => {
    const names = (focus: string | undefined, runs: 'ci' | 'full') =>
      select(all, { focus, runs }).map(({ spec }) => spec);
    assert.deepEqual(names('RUNS$', 'full'), ['Container runs', 'PodSandbox runs']);
    assert.deepEqual(names(undefined, 'ci'), ['Container runs']);
    assert.deepEqual(names('runs', 'ci'), ['Container runs']);
    assert.throws(() => names('nothing', 'full'), /no spec's name matches nothing/);
  });
});

describe('the shares of two nodes', () => {
  it('hold every spec once, and all of the images in one share', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 3 }), (all, nodes) => {
        const shares = split(all, nodes);
        assert.ok(shares.length <= nodes);
        assert.deepEqual(
          shares
            .flat()
            .map(({ spec }) => spec)
            .toSorted(),
          all.map(({ spec }) => spec).toSorted(),
        );
        assert.ok(shares.filter((share) => share.some(({ spec }) => spec.startsWith('Image'))).length <= 1);
      }),
    );
  });

  it('differ by no more than the longest piece', () => {
    fc.assert(
      fc.property(rows, (all) => {
        const [first, second] = [...split(all, 2), [], []];
        const images = seconds(all.filter(({ spec }) => spec.startsWith('Image')));
        const longest = Math.max(images, ...all.map((row) => row.seconds));
        assert.ok(Math.abs(seconds(first ?? []) - seconds(second ?? [])) <= longest);
      }),
    );
  });
});
