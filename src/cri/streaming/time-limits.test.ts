/** What becomes of clients that upgrade a connection and then do nothing; over real TCP, with the clock in the test's hand. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { after, afterEach, before, beforeEach, describe, it, mock } from 'node:test';
import { CONTAINER, SANDBOX } from '../../testing/fake-cores.ts';
import { SpdyClient, upgrade } from '../../testing/spdy-client.ts';
import { type StreamingRig, streamingRig } from '../../testing/streaming-rig.ts';
import type { StreamingRequest } from './streaming-request.ts';

const V4 = 'v4.channel.k8s.io';
const CREATION_MS = 30_000;
const IDLE_MS = 4 * 3600 * 1000;
/** A connection that is not closed would keep its test for ever. */
const HANGS = { timeout: 20_000 };
const EXEC: StreamingRequest = {
  kind: 'exec',
  containerId: CONTAINER,
  command: ['sleep', '1000'],
  streams: { tty: false, stdin: true, stdout: true, stderr: false },
};
const FORWARD: StreamingRequest = { kind: 'portforward', sandboxId: SANDBOX, ports: [80] };

describe('a client that upgrades its connection', () => {
  let rig: StreamingRig;
  before(async () => {
    rig = await streamingRig();
  });
  after(() => rig.stop());
  const spdy = (request: StreamingRequest, protocol: string) => SpdyClient.connect(rig.server.url(request), protocol);

  describe('and opens no streams', () => {
    // one clock for all: what the last test has left under way would take the next clock's timers for its own
    before(() => mock.timers.enable({ apis: ['setTimeout'] }));
    after(() => mock.timers.reset());

    for (const opened of [[], ['error', 'stdout']]) {
      it(`is left after 30 s, and nothing was started: opens ${opened.join(', ') || 'none'}`, HANGS, async () => {
        const client = await spdy(EXEC, V4);
        for (const streamtype of opened) assert.ok(await client.open({ streamtype }));
        mock.timers.tick(CREATION_MS - 1);
        await client.ping(1);
        assert.deepEqual(
          client.control.map(({ kind }) => kind),
          ['ping'],
        );
        const left = once(client.socket, 'end');
        mock.timers.tick(1);
        await left;
        assert.equal(client.control.at(-1)?.kind, 'goAway');
        client.close();
        assert.equal(rig.processes.started.length, 0);
      });
    }

    it(
      'but one of a forwarded connection’s two, loses it after 30 s, and keeps its connection for others',
      HANGS,
      async () => {
        const client = await spdy(FORWARD, 'portforward.k8s.io');
        const alone = await client.open({ streamtype: 'data', port: '80', requestid: '1' });
        assert.ok(alone !== undefined);
        mock.timers.tick(CREATION_MS);
        await alone.all;
        await client.ping(1);
        assert.ok(await client.open({ streamtype: 'error', port: '80', requestid: '1' }));
        client.close();
      },
    );
  });

  describe('and on it neither side says anything', () => {
    let limits: ReturnType<typeof timeouts>;
    beforeEach(() => {
      limits = timeouts();
    });
    afterEach(() => mock.restoreAll());
    const timeouts = () => mock.method(Socket.prototype, 'setTimeout');
    /** The server's side of the connection that has just been upgraded; its answer is sent, so the limit is set. */
    const watched = (): Socket => {
      const found = limits.mock.calls.find((call) => call.arguments[0] === IDLE_MS)?.this;
      assert.ok(found instanceof Socket, 'no connection was given that limit');
      return found;
    };

    /** The client's side, upgraded by hand: ws refuses the name of a tunnel's protocol. */
    async function webSocket(request: StreamingRequest, protocol: string): Promise<Socket> {
      const headers = {
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        'Sec-WebSocket-Protocol': protocol,
      };
      const answer = await upgrade(rig.server.url(request), headers, 'GET');
      assert.ok('socket' in answer);
      return answer.socket.resume();
    }

    const clients: Readonly<Record<string, () => Promise<Socket>>> = {
      'exec over SPDY': async () => (await spdy(EXEC, V4)).socket,
      'port-forward over SPDY': async () => (await spdy(FORWARD, 'portforward.k8s.io')).socket,
      'exec over WebSocket': () => webSocket(EXEC, V4),
      'port-forward over WebSocket': () => webSocket(FORWARD, V4),
      'port-forward by SPDY in a WebSocket': () => webSocket(FORWARD, 'SPDY/3.1+portforward.k8s.io'),
    };
    for (const [name, connect] of Object.entries(clients)) {
      it(`loses it after 4 hours: ${name}`, HANGS, async () => {
        const client = await connect();
        const socket = watched();
        // still, when the session is under way
        assert.equal(socket.timeout, IDLE_MS);
        socket.emit('timeout');
        await once(client, 'close');
      });
    }

    it('and the command’s process with it', HANGS, async () => {
      const client = await webSocket({ ...EXEC, command: ['sh', '-c', 'echo ready; exec sleep 1000'] }, V4);
      let heard = '';
      client.on('data', (bytes) => {
        heard += String(bytes);
      });
      while (!heard.includes('ready')) await once(client, 'data');
      watched().emit('timeout');
      await rig.processes.started.at(-1)?.closed;
    });
  });
});
