import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
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
