import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedFlights } from './shared-flight.ts';

test('waiters share one flight and its result', async () => {
  const flights = new SharedFlights<number>();
  const gate = Promise.withResolvers<number>();
  let starts = 0;
  const start = (): Promise<number> => {
    starts += 1;
    return gate.promise;
  };
  const { signal } = new AbortController();
  const both = Promise.all([
    flights.join('k', signal, start),
    flights.join('k', signal, start),
    flights.join('other', signal, async () => 5),
  ]);
  gate.resolve(7);
  assert.deepEqual(await both, [7, 7, 5]);
  assert.equal(starts, 1);
  assert.equal(flights.has('k'), false);
});

test('a waiter that leaves does not end the flight, the last one does', async () => {
  const flights = new SharedFlights<number>();
  const first = new AbortController();
  const second = new AbortController();
  let inner: AbortSignal | undefined;
  const start = (signal: AbortSignal): Promise<number> => {
    inner = signal;
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
  };
  const one = flights.join('k', first.signal, start);
  const two = flights.join('k', second.signal, start);
  first.abort(new Error('first left'));
  await assert.rejects(one, /first left/);
  assert.equal(inner?.aborted, false);
  second.abort(new Error('second left'));
  await assert.rejects(two, /second left/);
  assert.equal(inner?.aborted, true);
  assert.equal(await flights.join('k', new AbortController().signal, async () => 1), 1);
});

test('an aborted waiter starts nothing', async () => {
  const flights = new SharedFlights<number>();
  await assert.rejects(
    flights.join('k', AbortSignal.abort(new Error('late')), () => assert.fail('started')),
    /late/,
  );
});

test('all waiters see a failure', async () => {
  const flights = new SharedFlights<number>();
  const { signal } = new AbortController();
  const start = (): Promise<number> => Promise.reject(new Error('broken'));
  const results = await Promise.allSettled([flights.join('k', signal, start), flights.join('k', signal, start)]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
});
