import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseQuantity } from './quantity.ts';

describe('Kubernetes quantities', () => {
  for (const [text, value] of [
    ['10M', 10_000_000],
    ['512Ki', 524_288],
    ['1.5k', 1500],
    ['+2G', 2_000_000_000],
    ['1e6', 1_000_000],
    ['2E', 2e18],
    ['100m', 1],
    ['.5', 1],
    ['0', 0],
  ] as const) {
    it(`${text} is ${value}`, () => assert.equal(parseQuantity(text), value));
  }

  for (const text of ['', '-1', 'M', '1MB', '1 M', '1,5k', '1e', '0x10', 'NaN', 'Infinity', '1Mi5']) {
    it(`${JSON.stringify(text)} is none`, () => assert.equal(parseQuantity(text), undefined));
  }

  it('any text gives a whole number or nothing', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const value = parseQuantity(text);
        assert.ok(value === undefined || (Number.isInteger(value) && value >= 0));
      }),
    );
  });
});
