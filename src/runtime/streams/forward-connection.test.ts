import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isBoxError } from '../../errors.ts';
import type { ForwardRequest__Output } from '../../guest-client/generated/a3s/guest/v1/ForwardRequest.ts';
import { accept, FakeStreamGuest, refuse } from '../../testing/fake-stream-guest.ts';
import { forwardTo } from './open-forward.ts';

const CHUNK = Buffer.alloc(32 * 1024, 'x');

describe('a forwarded connection', () => {
  let guest: FakeStreamGuest;

  before(async () => {
    guest = await FakeStreamGuest.start();
  });
  after(() => guest.stop());

  const open = (port = 80, signal = new AbortController().signal): Promise<Duplex> =>
    forwardTo(guest.sessions, guest.connect, port, signal);

  /** The pod hears a connection to its end, then says a word and ends it too. Returns what it has heard, a message each. */
  const hearThenSay = (word: string): readonly string[] => {
    const heard: string[] = [];
    guest.forward = (peer) => {
      peer.on('data', ({ port, data }: ForwardRequest__Output) => {
        if (port) accept(peer);
        if (data) heard.push(String(data));
      });
      peer.on('end', () => {
        peer.write({ data: Buffer.from(word) });
        peer.write({ end: {} });
        peer.end();
      });
    };
    return heard;
  };

  it('ends each direction by itself, and the session with both', async () => {
    const heard = hearThenSay('answer');
    const connection = await open();
    connection.end('question');
    assert.equal(await text(connection), 'answer');
    assert.deepEqual(heard, ['question']);
    await eventuallyEmpty();
  });

  it('the pod may end first: what the client still sends arrives, also when it lets go at once', async () => {
    const arrived = new Promise<string>((resolve) => {
      guest.forward = (peer) => {
        let heard = '';
        peer.on('data', ({ port, data }: ForwardRequest__Output) => {
          if (port) peer.write({ end: {} });
          if (data) heard += String(data);
        });
        peer.on('end', () => {
          resolve(heard);
          peer.end();
        });
      };
    });
    const connection = await open();
    assert.equal(await text(connection), '');
    connection.end('x'.repeat(500_000));
    await once(connection, 'finish');
    connection.destroy();
    assert.equal((await arrived).length, 500_000);
    await eventuallyEmpty();
  });

  it('sends together what a client has written meanwhile', async () => {
    const heard = hearThenSay('done');
    const connection = await open();
    for (let piece = 0; piece < 1000; piece += 1) connection.write(`${piece},`);
    connection.end();
    assert.equal(await text(connection), 'done');
    assert.equal(heard.join(''), Array.from({ length: 1000 }, (_, piece) => `${piece},`).join(''));
    assert.ok(heard.length <= 3, `${heard.length} messages`);
    await eventuallyEmpty();
  });

  it('holds the guest back when nobody reads', async () => {
    let sent = 0;
    guest.forward = (peer) => {
      peer.on('data', () => undefined);
      const more = (): void => {
        while (peer.write({ data: CHUNK })) sent += CHUNK.length;
        peer.once('drain', more);
      };
      more();
    };
    const connection = await open();
    await delay(200);
    const stalled = sent;
    assert.ok(stalled < 2 * 1024 * 1024, String(stalled));
    connection.resume();
    await eventually('the guest goes on', () => sent > stalled + 1024 * 1024);
    connection.destroy();
    await eventuallyEmpty();
  });

  it('says why there is no connection', async () => {
    guest.forward = (peer) => refuse(peer, 'port 81 refused');
    await assert.rejects(open(81), (error) => isBoxError(error, 'FORWARD_FAILED') && /port 81/.test(error.message));
    for (const port of [0, 65_536, 1.5]) {
      await assert.rejects(open(port), (error) => isBoxError(error, 'INVALID_REQUEST'));
    }
    await eventuallyEmpty();
  });

  it('breaks with the VM, and with its client', async () => {
    guest.forward = (peer) => {
      peer.on('error', () => undefined);
      accept(peer);
    };
    const abort = new AbortController();
    const left = await open(80, abort.signal);
    abort.abort();
    assert.ok(isBoxError((await once(left, 'error'))[0], 'CANCELLED'));
    const lost = await open();
    guest.die();
    assert.ok(isBoxError((await once(lost, 'error'))[0], 'GUEST_GONE'));
    await eventuallyEmpty();
  });

  const eventuallyEmpty = (): Promise<void> => eventually('the session is over', () => guest.sessions.count === 0);

  /** For hangs only: it takes a moment. */
  async function eventually(what: string, holds: () => boolean): Promise<void> {
    const deadline = Date.now() + 30_000;
    while (!holds()) {
      assert.ok(Date.now() < deadline, `not within 30 s: ${what}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
});
