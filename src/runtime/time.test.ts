import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { comesTrue, settlesWithin, timerMillis } from './time.ts';

const MONTH_S = 30 * 24 * 3600;

describe('timerMillis', () => {
  it('is the seconds, and the slack', () => {
    assert.equal(timerMillis(2), 2000);
    assert.equal(timerMillis(2, 5), 2005);
  });

  it('of more than a timer can hold is as long as one can wait: a longer one would fire after a millisecond', () => {
    assert.equal(timerMillis(MONTH_S), 2 ** 31 - 1);
  });
});

describe('settlesWithin', () => {
  it('is true for what resolves in time, false for what does not, and rejects with what rejects', async () => {
    assert.equal(await settlesWithin(Promise.resolve(), 1000), true);
    assert.equal(await settlesWithin(new Promise(() => undefined), 1), false);
    await assert.rejects(settlesWithin(Promise.reject(new Error('gone')), 1000), /gone/);
  });
});

describe('comesTrue', () => {
  it('asks until it is so, and no longer than it may', async () => {
    let asked = 0;
    assert.equal(await comesTrue(async () => ++asked === 3, 1000), true);
    assert.equal(asked, 3);
    assert.equal(await comesTrue(() => Promise.resolve(false), 4), false);
    await assert.rejects(
      comesTrue(() => Promise.reject(new Error('no')), 1000),
      /no/,
    );
  });
});
