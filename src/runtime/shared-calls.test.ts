import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { BoxError } from '../errors.ts';
import { SharedCalls } from './shared-calls.ts';

const never = new AbortController().signal;

describe('SharedCalls', () => {
  it('runs identical calls once and gives all the same result', async () => {
    const calls = new SharedCalls();
    let runs = 0;
    const work = async (): Promise<string> => {
      runs += 1;
      return 'id';
    };
    const results = await Promise.all([calls.join('k', { a: 1 }, never, work), calls.join('k', { a: 1 }, never, work)]);
    assert.deepEqual(results, ['id', 'id']);
    assert.equal(runs, 1);
  });

  it('refuses a different request for a name under way', async () => {
    const calls = new SharedCalls();
    const first = calls.join('k', { a: 1 }, never, async () => 'id');
    await assert.rejects(
      calls.join('k', { a: 2 }, never, async () => 'other'),
      { reason: 'NAME_RESERVED' },
    );
    assert.equal(await first, 'id');
  });

  it('gives the work up only when every caller has given up', async () => {
    const calls = new SharedCalls();
    const [one, two] = [new AbortController(), new AbortController()];
    let seen: AbortSignal | undefined;
    let finish: (value: string) => void = () => undefined;
    const work = (signal: AbortSignal): Promise<string> => {
      seen = signal;
      return new Promise((resolve) => {
        finish = resolve;
      });
    };
    const first = calls.join('k', {}, one.signal, work);
    const second = calls.join('k', {}, two.signal, work);
    one.abort();
    await assert.rejects(first, { reason: 'CANCELLED' });
    assert.equal(seen?.aborted, false);
    two.abort();
    await assert.rejects(second, { reason: 'CANCELLED' });
    assert.equal(seen?.aborted, true);
    finish('late');
  });

  /** A call that has been given up and is still under way; `finish` and `fail` end it. */
  const givenUp = async (calls: SharedCalls) => {
    const work = Promise.withResolvers<string>();
    const abort = new AbortController();
    const first = calls.join('k', {}, abort.signal, () => work.promise);
    abort.abort();
    await assert.rejects(first, { reason: 'CANCELLED' });
    return { finish: work.resolve, fail: work.reject };
  };

  it('starts anew for whoever comes while a given-up call is being undone, but not before it is', async () => {
    const calls = new SharedCalls();
    const { fail } = await givenUp(calls);
    let runs = 0;
    const work = async (): Promise<string> => {
      runs += 1;
      return 'second';
    };
    const retries = [calls.join('k', {}, never, work), calls.join('k', {}, never, work)];
    await setImmediate();
    assert.equal(runs, 0);
    fail(new BoxError('CANCELLED', 'undone'));
    assert.deepEqual(await Promise.all(retries), ['second', 'second']);
    assert.equal(runs, 1);
  });

  it('asks again when a given-up call has come to its end all the same', async () => {
    const calls = new SharedCalls();
    const { finish } = await givenUp(calls);
    const retry = calls.join('k', {}, never, async () => 'what is there now');
    finish('late');
    assert.equal(await retry, 'what is there now');
  });

  it('lets go of whoever gives up while waiting for that', async () => {
    const calls = new SharedCalls();
    const { finish } = await givenUp(calls);
    const abort = new AbortController();
    const retry = calls.join('k', {}, abort.signal, async () => assert.fail('must not run'));
    abort.abort();
    await assert.rejects(retry, { reason: 'CANCELLED' });
    finish('late');
  });

  it('begins nothing for a caller that has left', async () => {
    const calls = new SharedCalls();
    await assert.rejects(
      calls.join('k', {}, AbortSignal.abort(), async () => assert.fail('must not run')),
      { reason: 'CANCELLED' },
    );
  });

  it('forgets a failed call, so that a retry runs anew', async () => {
    const calls = new SharedCalls();
    await assert.rejects(
      calls.join('k', {}, never, async () => {
        throw new Error('no');
      }),
      /no/,
    );
    assert.equal(await calls.join('k', {}, never, async () => 'second'), 'second');
  });
});
