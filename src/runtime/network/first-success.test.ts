import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FirstSuccess } from './first-success.ts';

describe('FirstSuccess', () => {
  const never = new AbortController().signal;

  it('one at a time until one succeeds, then all at once; keys do not wait for each other', async () => {
    const first = new FirstSuccess(60_000);
    const order: string[] = [];
    const release = new Map<string, { resolve: () => void; reject: (error: Error) => void }>();
    const start = (name: string, key = 'net') =>
      first.run(key, never, () => {
        order.push(name);
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        release.set(name, { resolve, reject });
        return promise;
      });
    const started = async (...names: readonly string[]): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(order, names);
    };
    const a = start('a');
    const others = [start('b'), start('c'), start('d')];
    const other = start('x', 'other');
    await started('a', 'x');
    release.get('a')?.reject(new Error('no'));
    await assert.rejects(a, /no/);
    await started('a', 'x', 'b');
    release.get('b')?.resolve();
    await started('a', 'x', 'b', 'c', 'd');
    for (const name of ['c', 'd', 'x']) release.get(name)?.resolve();
    await Promise.all([...others, other]);
  });

  it('one that hangs holds up the next for its head start only; who gives up meanwhile is not started', async () => {
    const first = new FirstSuccess(20);
    const hung = Promise.withResolvers<string>();
    const head = first.run('net', never, () => hung.promise);
    const caller = new AbortController();
    const left = first.run('net', caller.signal, () => assert.fail('it was started'));
    caller.abort();
    await assert.rejects(left, { reason: 'CANCELLED' });
    assert.equal(await first.run('net', never, async () => 'second'), 'second');
    hung.resolve('first');
    assert.equal(await head, 'first');
  });
});
