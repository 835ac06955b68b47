import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CpuRate } from './cpu-rate.ts';

const SECOND = 1_000_000_000n;

describe('CpuRate', () => {
  it('needs two samples', () => {
    const rate = new CpuRate();
    assert.equal(rate.sample(5n * SECOND, 10n * SECOND), undefined);
    assert.equal(rate.sample(6n * SECOND, 12n * SECOND), SECOND / 2n);
  });

  it('keeps the last rate for who asks again at once', () => {
    const rate = new CpuRate();
    rate.sample(0n, 0n);
    rate.sample(SECOND, 2n * SECOND);
    assert.equal(rate.sample(2n * SECOND, 2n * SECOND + 1n), SECOND / 2n);
    assert.equal(rate.sample(5n * SECOND, 4n * SECOND), 2n * SECOND);
  });

  it('begins anew when a counter or the clock goes back', () => {
    const rate = new CpuRate();
    rate.sample(5n * SECOND, 0n);
    rate.sample(6n * SECOND, SECOND);
    assert.equal(rate.sample(0n, 3n * SECOND), undefined);
    assert.equal(rate.sample(SECOND, 4n * SECOND), SECOND);
    assert.equal(rate.sample(2n * SECOND, 0n), undefined);
  });

  it('is never negative, whatever a guest says', () => {
    const samples = fc.array(fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 64n }), fc.bigInt({ min: 0n, max: 2n ** 63n })));
    fc.assert(
      fc.property(samples, (all) => {
        const rate = new CpuRate();
        for (const [usage, at] of all) assert.ok((rate.sample(usage, at) ?? 0n) >= 0n);
      }),
    );
  });
});
