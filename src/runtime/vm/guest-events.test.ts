import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { FakeGuest } from '../../testing/fake-guest.ts';
import { watchGuest } from './guest-events.ts';

const LIMIT_MS = 200;
const ID = 'ab'.repeat(32);
let guest: FakeGuest;
before(async () => {
  guest = await FakeGuest.start();
});
after(() => guest.stop());

const ended = { exited: () => undefined, ended: () => assert.fail('told of the end of what never began') };

it('a guest that does not tell what it has is waited for no longer than that, and its silence is told once', async () => {
  await assert.rejects(watchGuest(guest.client, ended, LIMIT_MS), {
    reason: 'DEADLINE',
    message: 'guest-init did not answer in 0.2 s',
  });
});

it('once it has told, the limit is over, and the end is told', async () => {
  guest.snapshot = [{ containerId: ID }];
  const end = Promise.withResolvers<void>();
  const seen = await watchGuest(guest.client, { exited: () => undefined, ended: end.resolve }, LIMIT_MS);
  assert.deepEqual(
    seen.map(({ containerId }) => containerId),
    [ID],
  );
  const early = await Promise.race([
    end.promise.then(() => 'ended'),
    new Promise((resolve) => setTimeout(resolve, 2 * LIMIT_MS, 'lives')),
  ]);
  assert.equal(early, 'lives');
  guest.hangUp();
  await end.promise;
});

it('a guest that calls a container by what could be a path is not believed', async () => {
  for (const containerId of ['../../../../etc/daemon', '', ID.toUpperCase(), `${ID}\n`]) {
    guest.snapshot = [{ containerId: ID }, { containerId }];
    await assert.rejects(watchGuest(guest.client, ended, LIMIT_MS), {
      reason: 'GUEST_ANSWER',
      message: /which is no id$/,
    });
  }
});
