import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { FakeGuest } from '../../testing/fake-guest.ts';
import { followHeartbeat } from './heartbeat.ts';

const LIMIT_MS = 600;
let guest: FakeGuest;
before(async () => {
  guest = await FakeGuest.start();
});
after(() => guest.stop());

it('asks for a beat after each beat, three to the limit, and tells a silence once', async () => {
  const silent = Promise.withResolvers<void>();
  let told = 0;
  const stop = followHeartbeat(guest.client, LIMIT_MS, () => {
    told += 1;
    silent.resolve();
  });
  for (let beats = 0; beats < 10; beats += 1) {
    const [afterMs, beat] = (await once(guest.beats, 'asked')) as [number, () => void];
    assert.equal(afterMs, 200);
    beat();
  }
  assert.equal(told, 0);
  await silent.promise;
  stop();
  assert.equal(told, 1);
});

it('brings the clock of the moment with each request', async () => {
  let asked = Date.now();
  const stop = followHeartbeat(guest.client, LIMIT_MS, () => undefined);
  for (let beats = 0; beats < 3; beats += 1) {
    const [, beat, , realtimeNs] = (await once(guest.beats, 'asked')) as [number, () => void, unknown, string];
    const millis = Number(BigInt(realtimeNs) / 1_000_000n);
    assert.ok(millis >= asked && millis <= Date.now(), `${millis} is not between ${asked} and now`);
    await new Promise((resolve) => setTimeout(resolve, 30));
    asked = Date.now();
    beat();
  }
  stop();
});

/** How often a silence is told within 300 ms when the first beat is refused with this status. */
async function toldAfter(code: status): Promise<number> {
  guest.beats.once('asked', (_afterMs: number, _beat: () => void, refuse: (code: status) => void) => refuse(code));
  let told = 0;
  const stop = followHeartbeat(guest.client, 100, () => {
    told += 1;
  });
  await once(guest.beats, 'refused');
  await new Promise((resolve) => setTimeout(resolve, 300));
  stop();
  return told;
}

it('a guest-init that knows no heartbeat is left alone', async () => {
  assert.equal(await toldAfter(status.UNIMPLEMENTED), 0);
});

it('a guest whose heartbeat breaks has as long as a silent one', async () => {
  for (const code of [status.INTERNAL, status.RESOURCE_EXHAUSTED]) assert.equal(await toldAfter(code), 1);
});
