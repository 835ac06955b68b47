/** What crictl does not do: old protocols, refusals, pings, resets, wrong clients; over real TCP. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { after, before, describe, it, mock } from 'node:test';
import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import { type RawData, WebSocket } from 'ws';
import { CONTAINER, SANDBOX } from '../../testing/fake-cores.ts';
import { type ClientStream, SpdyClient, upgrade } from '../../testing/spdy-client.ts';
import { type StreamingRig, streamingRig } from '../../testing/streaming-rig.ts';
import { ping } from './spdy/frames.ts';
import type { StreamingRequest } from './streaming-request.ts';

const MIB = 1024 * 1024;
const NO_STREAMS = { tty: false, stdin: false, stdout: false, stderr: false };
const V4 = 'v4.channel.k8s.io';

function exec(command: readonly string[], streams: Partial<typeof NO_STREAMS> = { stdout: true }): StreamingRequest {
  return { kind: 'exec', containerId: CONTAINER, command, streams: { ...NO_STREAMS, ...streams } };
}

async function opened(client: SpdyClient, headers: Readonly<Record<string, string>>): Promise<ClientStream> {
  const stream = await client.open(headers);
  assert.ok(stream, `stream ${JSON.stringify(headers)} was refused`);
  return stream;
}

/** All messages of a WebSocket up to its end, as strings of one character a byte, and its close code. */
async function conversation(ws: WebSocket): Promise<{ readonly messages: readonly string[]; readonly code: number }> {
  const messages: string[] = [];
  ws.on('message', (data: RawData) => messages.push((data as Buffer).toString('latin1')));
  const [code] = (await once(ws, 'close')) as [number];
  return { messages, code };
}

/** What came on one channel of a binary protocol. */
function channel(messages: readonly string[], number: number): string {
  return messages
    .filter((message) => message.charCodeAt(0) === number)
    .map((message) => message.slice(1))
    .join('');
}

describe('streaming protocols', () => {
  let rig: StreamingRig;
  before(async () => {
    rig = await streamingRig();
  });
  after(() => rig.stop());
  const spdy = (request: StreamingRequest, protocol = V4) => SpdyClient.connect(rig.server.url(request), protocol);
  const dial = (request: StreamingRequest, ...protocols: readonly string[]) =>
    new WebSocket(rig.server.url(request), [...protocols]);

  describe('HTTP', () => {
    const headers = { Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': V4 };
    const status = async (url: string, ...rest: [Record<string, string>?, ('GET' | 'PUT')?]): Promise<number> =>
      (await upgrade(url, rest[0] ?? headers, rest[1])).status;

    it('gives absolute URLs of loopback', () => {
      assert.match(rig.server.url(exec(['true'])), /^http:\/\/127\.0\.0\.1:\d+\/exec\/[A-Za-z0-9_-]{43}$/);
    });

    it('knows no other URL, and each but once', async () => {
      const url = rig.server.url(exec(['true']));
      assert.equal(await status(url.replace(/[^/]*$/, 'A'.repeat(43))), 404);
      assert.equal(await status(`${url}/more`), 404);
      const answer = await upgrade(url, headers, 'GET');
      assert.equal(answer.status, 101);
      if ('socket' in answer) answer.socket.destroy();
      assert.equal(await status(url), 404);
    });

    it('does not take a token for another kind of stream', async () => {
      assert.equal(await status(rig.server.url(exec(['true'])).replace('/exec/', '/attach/')), 404);
    });

    it('says what is wrong with a request', async () => {
      const url = (): string => rig.server.url(exec(['true']));
      assert.equal(await status(url(), { Upgrade: 'SPDY/3.1' }), 400);
      assert.equal(await status(url(), { Upgrade: 'h2c', 'X-Stream-Protocol-Version': V4 }), 400);
      assert.equal(await status(url(), headers, 'PUT'), 405);
      assert.equal((await fetch(url())).status, 400);
      assert.equal((await fetch(new URL('/', url()))).status, 404);
      const refused = await upgrade(url(), { ...headers, 'X-Stream-Protocol-Version': 'v9.channel.k8s.io' });
      assert.equal(refused.status, 403);
      assert.equal(refused.protocol, 'v4.channel.k8s.io, v3.channel.k8s.io, v2.channel.k8s.io, channel.k8s.io');
    });

    it("takes the client's first offer that it knows", async () => {
      const offer = 'v5.channel.k8s.io, v3.channel.k8s.io,v4.channel.k8s.io';
      const answer = await upgrade(rig.server.url(exec(['true'])), { ...headers, 'X-Stream-Protocol-Version': offer });
      assert.equal(answer.protocol, 'v3.channel.k8s.io');
      if ('socket' in answer) answer.socket.destroy();
    });
  });

  describe('SPDY', () => {
    for (const [protocol, expected] of [
      [V4, /^\{"metadata":\{\},"status":"Failure",.*"causes":\[\{"reason":"ExitCode","message":"7"\}\]/],
      ['v3.channel.k8s.io', /^command terminated with non-zero exit code: 7$/],
      ['v2.channel.k8s.io', /^command terminated with non-zero exit code: 7$/],
      ['channel.k8s.io', /^command terminated with non-zero exit code: 7$/],
    ] as const) {
      it(`tells the exit code in ${protocol}`, async () => {
        const client = await spdy(exec(['sh', '-c', 'echo out; exit 7']), protocol);
        const error = await opened(client, { streamtype: 'error' });
        const stdout = await opened(client, { streamtype: 'stdout' });
        assert.equal((await stdout.all).toString(), 'out\n');
        assert.match((await error.all).toString(), expected);
        await once(client.socket, 'end');
        assert.equal(client.control.at(-1)?.kind, 'goAway');
        client.close();
      });
    }

    it('starts nothing before all streams are there', async () => {
      const before = rig.processes.started.length;
      const client = await spdy(exec(['cat'], { stdin: true, stdout: true }));
      await opened(client, { streamtype: 'error' });
      await opened(client, { streamtype: 'stdout' });
      await client.ping(1);
      assert.equal(rig.processes.started.length, before);
      const stdin = await opened(client, { streamtype: 'stdin' });
      stdin.end();
      await once(client.socket, 'end');
      assert.equal(rig.processes.started.length, before + 1);
      client.close();
    });

    it('refuses streams that were not asked for, or twice', async () => {
      const client = await spdy(exec(['true']));
      assert.equal(await client.open({ streamtype: 'stdin' }), undefined);
      assert.equal(await client.open({}), undefined);
      await opened(client, { streamtype: 'error' });
      assert.equal(await client.open({ streamtype: 'error' }), undefined);
      client.close();
    });

    it('answers pings while the process runs, and not those that answer ours', async () => {
      const client = await spdy(exec(['sleep', '1000']));
      await opened(client, { streamtype: 'error' });
      await opened(client, { streamtype: 'stdout' });
      client.socket.write(ping(2));
      await client.ping(1);
      await client.ping(3);
      assert.deepEqual(
        client.control.map((frame) => frame.kind === 'ping' && frame.id),
        [1, 3],
      );
      client.close();
      await rig.processes.started.at(-1)?.closed;
    });

    it('takes a stdin that is reset for one that ended', async () => {
      const client = await spdy(exec(['cat'], { stdin: true }));
      const error = await opened(client, { streamtype: 'error' });
      const stdin = await opened(client, { streamtype: 'stdin' });
      stdin.reset();
      assert.match((await error.all).toString(), /"Success"/);
      client.close();
    });

    it('gives sizes to a terminal, past those it cannot read', async () => {
      const client = await spdy(exec(['cat'], { tty: true, stdin: true, stdout: true }));
      const error = await opened(client, { streamtype: 'error' });
      const stdin = await opened(client, { streamtype: 'stdin' });
      await opened(client, { streamtype: 'stdout' });
      const resize = await opened(client, { streamtype: 'resize' });
      resize.write('{"Width":80,"Height":24}\n{"Width":81,');
      resize.write('"Height":25}\n');
      resize.write('nonsense}');
      assert.equal(await resize.wasReset, true);
      stdin.end();
      assert.match((await error.all).toString(), /"Success"/);
      assert.deepEqual(rig.processes.started.at(-1)?.sizes, [
        { width: 80, height: 24 },
        { width: 81, height: 25 },
      ]);
      client.close();
    });

    it('does not wait for a stdin that nobody will read', { timeout: 8_000 }, async () => {
      const client = await spdy(exec(['no-such-program'], { stdin: true }));
      const error = await opened(client, { streamtype: 'error' });
      const stdin = await opened(client, { streamtype: 'stdin' });
      for (let i = 0; i < 16; i += 1) stdin.write(Buffer.alloc(MIB));
      assert.match((await error.all).toString(), /cannot execute no-such-program/);
      await once(client.socket, 'close');
    });

    it('says goodbye to a client that does not speak it, and kills the process', async () => {
      const client = await spdy(exec(['sleep', '1000']));
      await opened(client, { streamtype: 'error' });
      await opened(client, { streamtype: 'stdout' });
      client.socket.write(Buffer.alloc(64, 0xff));
      await once(client.socket, 'close');
      assert.equal(client.control.at(-1)?.kind, 'goAway');
      await rig.processes.started.at(-1)?.closed;
    });

    it('notices that a client is gone from which it does not read', async () => {
      mock.timers.enable({ apis: ['setInterval'] });
      const client = await spdy(exec(['sleep', '1000'], { stdin: true }));
      await opened(client, { streamtype: 'error' });
      const stdin = await opened(client, { streamtype: 'stdin' });
      const block = Buffer.alloc(MIB);
      do stdin.write(block);
      while (client.socket.writableLength < 16 * MIB);
      // until the server has stopped reading
      let left: number;
      do {
        left = client.socket.writableLength;
        await delay(100);
      } while (client.socket.writableLength < left);
      client.socket.resetAndDestroy();
      const state = { closed: false };
      void rig.processes.started.at(-1)?.closed.then(() => (state.closed = true));
      await delay(100);
      assert.equal(state.closed, false, 'the server was reading');
      while (!state.closed) {
        mock.timers.tick(10_000);
        await setImmediate();
      }
      mock.timers.reset();
    });
  });

  describe('WebSocket', () => {
    it('v4 carries channels, and begins with an empty message', async () => {
      const ws = dial(exec(['sh', '-c', 'echo out; echo err >&2; exit 7'], { stdout: true, stderr: true }), V4);
      const { messages, code } = await conversation(ws);
      assert.equal(ws.protocol, V4);
      assert.equal(messages[0], '\x01');
      assert.equal(channel(messages, 1), 'out\n');
      assert.equal(channel(messages, 2), 'err\n');
      assert.match(channel(messages, 3), /"reason":"ExitCode","message":"7"/);
      assert.equal(code, 1000);
    });

    for (const protocols of [[], ['channel.k8s.io']]) {
      it(`${protocols[0] ?? 'no protocol'} is v1: text, or nothing for success`, async () => {
        const good = await conversation(dial(exec(['true']), ...protocols));
        assert.equal(channel(good.messages, 3), '');
        const bad = await conversation(dial(exec(['false']), ...protocols));
        assert.match(channel(bad.messages, 3), /exit code: 1$/);
      });
    }

    it('base64 is text', async () => {
      const ws = dial(exec(['head', '-n1'], { stdin: true, stdout: true }), 'v4.base64.channel.k8s.io');
      ws.on('open', () => ws.send(`0${Buffer.from('hello\n').toString('base64')}`));
      const { messages } = await conversation(ws);
      assert.equal(messages[0], '1');
      assert.ok(messages.includes(`1${Buffer.from('hello\n').toString('base64')}`));
    });

    it('v5 can end stdin', async () => {
      const ws = dial(exec(['cat'], { stdin: true, stdout: true }), 'v5.channel.k8s.io');
      ws.on('open', () => {
        ws.send(Buffer.from('\x00hello'));
        ws.send(Buffer.of(255, 0));
      });
      const { messages } = await conversation(ws);
      assert.equal(channel(messages, 1), 'hello');
      assert.match(channel(messages, 3), /"Success"/);
    });

    it('refuses a message that is too large, and kills the process', async () => {
      const ws = dial(exec(['cat'], { stdin: true, stdout: true }), V4);
      ws.on('open', () => ws.send(Buffer.alloc(2 * 1024 * 1024)));
      const { code } = await conversation(ws);
      assert.equal(code, 1009);
      await rig.processes.started.at(-1)?.closed;
    });

    it('refuses what no protocol says', async () => {
      const ws = dial(exec(['cat'], { stdin: true, stdout: true }), 'v4.base64.channel.k8s.io');
      ws.on('open', () => ws.send('0*'));
      assert.equal((await conversation(ws)).code, 1002);
      const unknown = dial(exec(['true']), 'v9.channel.k8s.io');
      const [error] = (await once(unknown, 'error')) as [Error];
      assert.match(error.message, /403/);
    });
  });

  describe('port forwarding', () => {
    /** A server in the pod that says which connection it is, then what it hears. */
    async function echo(): Promise<number> {
      const server = createServer({ allowHalfOpen: true }, (socket: Socket) => socket.pipe(socket));
      server.listen(0, '127.0.0.1').unref();
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    }
    const request = (...ports: readonly number[]): StreamingRequest => ({
      kind: 'portforward',
      sandboxId: SANDBOX,
      ports,
    });

    it('pairs streams by request, also those of old clients without one', async () => {
      const port = String(await echo());
      const client = await spdy(request(), 'portforward.k8s.io');
      for (const ids of [{ requestid: '0' }, { requestid: '1' }, {}] as readonly Record<string, string>[]) {
        const error = await opened(client, { streamtype: 'error', port, ...ids });
        error.end();
        const data = await opened(client, { streamtype: 'data', port, ...ids });
        data.write(`hello ${ids['requestid']}`);
        data.end();
        assert.equal((await data.all).toString(), `hello ${ids['requestid']}`);
        assert.equal((await error.all).toString(), '');
      }
      client.close();
    });

    it('refuses streams that name no port or no use', async () => {
      const client = await spdy(request(), 'portforward.k8s.io');
      for (const headers of [{ port: '80' }, { streamtype: 'data' }, { streamtype: 'data', port: '0' }]) {
        assert.equal(await client.open(headers), undefined);
      }
      assert.equal(await client.open({ streamtype: 'data', port: '65536' }), undefined);
      await opened(client, { streamtype: 'error', port: '80', requestid: '1' });
      assert.equal(await client.open({ streamtype: 'error', port: '80', requestid: '1' }), undefined);
      client.close();
    });

    it('goes on with other connections when one fails or is reset', async () => {
      const port = String(await echo());
      const client = await spdy(request(), 'portforward.k8s.io');
      const error = await opened(client, { streamtype: 'error', port: '1', requestid: '0' });
      const failing = await opened(client, { streamtype: 'data', port: '1', requestid: '0' });
      assert.match((await error.all).toString(), /error forwarding port 1: .*ECONNREFUSED/);
      assert.equal(await failing.wasReset, true);
      await opened(client, { streamtype: 'error', port, requestid: '1' });
      const left = await opened(client, { streamtype: 'data', port, requestid: '1' });
      left.reset();
      await opened(client, { streamtype: 'error', port, requestid: '2' });
      const data = await opened(client, { streamtype: 'data', port, requestid: '2' });
      data.write('still here');
      data.end();
      assert.equal((await data.all).toString(), 'still here');
      client.close();
    });

    it('legacy WebSocket: two channels for each port of the request, each begins with its port', async () => {
      const port = await echo();
      const ws = dial(request(port, 1), V4);
      ws.on('open', () => ws.send(Buffer.from('\x00hello')));
      const messages: string[] = [];
      ws.on('message', (data: RawData) => {
        messages.push((data as Buffer).toString('latin1'));
        if (channel(messages, 0).length === 7 && channel(messages, 3).length > 2) ws.close();
      });
      await once(ws, 'close');
      const head = (port: number): string => String.fromCharCode(port & 0xff, port >> 8);
      assert.equal(channel(messages, 0), `${head(port)}hello`);
      assert.equal(channel(messages, 1), head(port));
      assert.equal(channel(messages, 2), head(1));
      assert.match(channel(messages, 3), /^..error forwarding port 1: .*ECONNREFUSED/s);
    });

    it('legacy WebSocket: ends when the pod has ended all connections', async () => {
      const server = createServer((socket) => socket.end('bye'));
      server.listen(0, '127.0.0.1').unref();
      await once(server, 'listening');
      const { messages, code } = await conversation(dial(request((server.address() as AddressInfo).port), V4));
      assert.match(channel(messages, 0), /bye$/);
      assert.equal(code, 1000);
    });

    it('legacy WebSocket: needs ports in the request', async () => {
      const [error] = (await once(dial(request(), V4), 'error')) as [Error];
      assert.match(error.message, /400/);
    });
  });
});

describe('the stop of the streaming server', () => {
  it('tells running sessions why they end, kills their processes and takes no more', async () => {
    const rig = await streamingRig();
    const url = rig.server.url(exec(['true']));
    const client = await SpdyClient.connect(rig.server.url(exec(['sleep', '1000'])), V4);
    const error = await opened(client, { streamtype: 'error' });
    await opened(client, { streamtype: 'stdout' });
    const ws = new WebSocket(rig.server.url(exec(['sleep', '1000'])), V4);
    const { promise: greeted, resolve } = Promise.withResolvers<void>();
    ws.once('message', () => resolve());
    await greeted;
    const silent = await SpdyClient.connect(rig.server.url(exec(['true'])), V4);
    const told = conversation(ws);
    const left = once(client.socket, 'end').then(() => client.close());
    await rig.stop();
    assert.match(
      (await error.all).toString(),
      /"message":"the container runtime is stopping: .*"reason":"InternalError"/,
    );
    assert.match(channel((await told).messages, 3), /the container runtime is stopping/);
    for (const { child } of rig.processes.started) assert.equal(child.signalCode, 'SIGKILL');
    await left;
    assert.equal(silent.socket.destroyed || silent.socket.readableEnded, true);
    await assert.rejects(upgrade(url, { Upgrade: 'SPDY/3.1' }), /ECONNREFUSED/);
  });
});
