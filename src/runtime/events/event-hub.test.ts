import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sandboxConfig } from '../../testing/configs.ts';
import { EventHub, type RuntimeEvent } from './event-hub.ts';

function event(id: string): RuntimeEvent {
  return {
    id,
    type: 'CREATED',
    at: '1',
    sandbox: {
      id: 's',
      config: sandboxConfig(),
      handler: '',
      state: 'READY',
      reason: '',
      createdAt: '1',
      ips: [],
    },
    containers: [],
  };
}

async function take(events: AsyncIterable<RuntimeEvent>, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { id } of events) {
    ids.push(id);
    if (ids.length === count) break;
  }
  return ids;
}

describe('EventHub', () => {
  it('tells every listener everything since it began to listen, in order', async () => {
    const hub = new EventHub();
    const { signal } = new AbortController();
    const early = hub.listen(signal);
    hub.publish(event('1'));
    const late = hub.listen(signal);
    hub.publish(event('2'));
    const both = Promise.all([take(early, 3), take(late, 2)]);
    hub.publish(event('3'));
    assert.deepEqual(await both, [
      ['1', '2', '3'],
      ['2', '3'],
    ]);
  });

  it('wakes a listener that waits', async () => {
    const hub = new EventHub();
    const one = take(hub.listen(new AbortController().signal), 1);
    await new Promise(setImmediate);
    hub.publish(event('x'));
    assert.deepEqual(await one, ['x']);
  });

  it('ends with the listener’s signal, also while it waits', async () => {
    const hub = new EventHub();
    const abort = new AbortController();
    const all = take(hub.listen(abort.signal), Number.POSITIVE_INFINITY);
    hub.publish(event('1'));
    await new Promise(setImmediate);
    abort.abort();
    assert.deepEqual(await all, ['1']);
  });

  it('ends a listener that does not keep up with an error, and nobody else', async () => {
    const hub = new EventHub();
    const { signal } = new AbortController();
    const [slow, good] = [hub.listen(signal), hub.listen(signal)];
    const kept = take(good, 1025);
    for (let number = 0; number < 1025; number += 1) {
      hub.publish(event(String(number)));
      await new Promise(setImmediate);
    }
    await assert.rejects(take(slow, 1), { reason: 'EVENTS_LOST' });
    assert.equal((await kept).at(-1), '1024');
  });
});
