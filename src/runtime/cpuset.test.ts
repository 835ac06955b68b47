import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cpusetWithin } from './cpuset.ts';

describe('cpusetWithin', () => {
  const within = (list: string, count: number): string => cpusetWithin(list, count, 'processor');

  it('keeps what the VM has of the node’s list', () => {
    assert.equal(within('0', 1), '0');
    assert.equal(within('0-7', 2), '0,1');
    assert.equal(within('5, 1-1,0', 2), '0,1');
    assert.equal(within('0-999999', 4), '0,1,2,3');
  });

  it('says what is wrong when nothing is left', () => {
    assert.throws(() => within('4-5', 2), {
      reason: 'NOT_SUPPORTED',
      message: /cpuset 4-5 names no processor of the VM/,
    });
  });

  it('refuses what is no list', () => {
    for (const list of ['', ',', 'a', '3-1', '1-', '-1', '0x1', '1;2', '0-9999999999']) {
      assert.throws(() => within(list, 4), { reason: 'INVALID_REQUEST' }, list);
    }
  });

  it('gives exactly the numbers of the list that the VM has, for any list', () => {
    const range = fc.tuple(fc.nat(40), fc.nat(40)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 16 }), (ranges, count) => {
        const list = ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(',');
        const expected = Array.from({ length: count }, (_, number) => number).filter((number) =>
          ranges.some(([first, last]) => first <= number && number <= last),
        );
        if (expected.length === 0) assert.throws(() => within(list, count), { reason: 'NOT_SUPPORTED' });
        else assert.equal(within(list, count), expected.join(','));
      }),
    );
  });
});
