import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseChallenges } from './challenge.ts';

const plain = (header: string): unknown =>
  parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

test('challenges', () => {
  assert.deepEqual(plain('Bearer realm="https://auth.example/token",service="reg",scope="repository:a/b:pull,push"'), [
    ['bearer', { realm: 'https://auth.example/token', service: 'reg', scope: 'repository:a/b:pull,push' }],
  ]);
  assert.deepEqual(plain('Basic realm="a", Bearer realm=b , service="c\\"d"'), [
    ['basic', { realm: 'a' }],
    ['bearer', { realm: 'b', service: 'c"d' }],
  ]);
  assert.deepEqual(plain('Negotiate, Basic REALM = "x"'), [
    ['negotiate', {}],
    ['basic', { realm: 'x' }],
  ]);
  assert.deepEqual(plain(''), []);
});

test('limits hold for any header', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 300 }), fc.stringMatching(/^[ ,="\\A-Za-z]{0,300}$/)), (header) => {
      const challenges = parseChallenges(header);
      assert.ok(challenges.length <= 8);
      assert.ok(challenges.every(({ parameters }) => parameters.size <= 16));
    }),
  );
  const started = performance.now();
  parseChallenges(`Bearer ${'a="'.repeat(1 << 20)}`);
  parseChallenges(', '.repeat(1 << 20));
  assert.ok(performance.now() - started < 1000);
});
