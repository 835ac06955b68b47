import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isBoxError } from '../../errors.ts';
import { TokenStore } from './tokens.ts';

describe('TokenStore', () => {
  let now = 0;
  const store = (): TokenStore<number> => {
    now = 0;
    return new TokenStore<number>(() => now);
  };

  it('gives what a token stands for, once', () => {
    const tokens = store();
    const token = tokens.issue(7);
    assert.match(token, /^[A-Za-z0-9_-]{43}$/);
    assert.equal(tokens.take(token), 7);
    assert.equal(tokens.take(token), undefined);
    assert.equal(tokens.take('unknown'), undefined);
  });

  it('forgets a token after a minute', () => {
    const tokens = store();
    const [first, second] = [tokens.issue(1), tokens.issue(2)];
    now = 59_999;
    assert.equal(tokens.take(first), 1);
    now = 60_000;
    assert.equal(tokens.take(second), undefined);
  });

  it('holds a thousand, and more when one is used or has expired', () => {
    const tokens = store();
    const first = tokens.issue(0);
    for (let i = 1; i < 1000; i += 1) tokens.issue(i);
    assert.throws(
      () => tokens.issue(1000),
      (error) => isBoxError(error, 'TOO_MANY_STREAMS') && error.code === 'RESOURCE_EXHAUSTED',
    );
    tokens.take(first);
    tokens.issue(1000);
    now = 60_000;
    for (let i = 0; i < 1000; i += 1) tokens.issue(i);
  });
});
