import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ClientReadableStream, credentials, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { BoxError } from '../errors.ts';
import { openLog } from '../observe/log.ts';
import { chunks } from './chunks.ts';
import type { Container } from './generated/runtime/v1/Container.ts';
import type { StreamContainersRequest__Output } from './generated/runtime/v1/StreamContainersRequest.ts';
import type {
  StreamContainersResponse,
  StreamContainersResponse__Output,
} from './generated/runtime/v1/StreamContainersResponse.ts';
import type { StreamHandler } from './handler.ts';
import { instrumentStream } from './instrument-stream.ts';
import { loadCriProto } from './load-proto.ts';

type Handled = StreamHandler<StreamContainersRequest__Output, StreamContainersResponse>;
type Replies = ClientReadableStream<StreamContainersResponse__Output>;

describe('instrumentStream', () => {
  const stopping = new AbortController();
  const observed: string[] = [];
  const server = new Server();
  let dir = '';
  let handler: Handled = () => [];
  let client: InstanceType<ReturnType<typeof loadCriProto>['RuntimeService']>;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'a3s-stream-'));
    const proto = loadCriProto();
    const instruments = {
      log: openLog('silent'),
      metrics: { observe: (_method: string, code: string) => void observed.push(code) },
    };
    server.addService(proto.RuntimeService.service, {
      StreamContainers: instrumentStream<StreamContainersRequest__Output, StreamContainersResponse>(
        'StreamContainers',
        (request, signal) => handler(request, signal),
        instruments,
        stopping.signal,
      ),
    });
    await new Promise<void>((resolve) => {
      server.bindAsync(`unix:${join(dir, 'sock')}`, ServerCredentials.createInsecure(), () => resolve());
    });
    client = new proto.RuntimeService(`unix:${join(dir, 'sock')}`, credentials.createInsecure(), {
      'grpc.default_authority': 'localhost',
    });
  });
  after(async () => {
    client.close();
    server.forceShutdown();
    await rm(dir, { recursive: true });
  });

  /** How many items each message had, and the status the stream ended with. */
  async function collect(stream: Replies): Promise<{ sizes: number[]; code: number; details: string }> {
    const sizes: number[] = [];
    stream.on('data', ({ containers }: StreamContainersResponse__Output) => sizes.push(containers.length));
    return { sizes, ...(await ended(stream)) };
  }

  /** The status comes with an error too, of which it says everything. */
  function ended(stream: Replies): Promise<{ code: number; details: string }> {
    stream.on('error', () => undefined);
    return new Promise((resolve) => {
      stream.once('status', resolve);
    });
  }

  function named(count: number): Container[] {
    return Array.from({ length: count }, (_, index) => ({ id: String(index) }));
  }

  it('sends a list in messages of at least one item, then ends', async () => {
    handler = function* all() {
      for (const containers of chunks(named(130))) yield { containers };
    };
    const { sizes, code } = await collect(client.streamContainers({}));
    assert.deepEqual([sizes, code], [[64, 64, 2], status.OK]);
    assert.equal(observed.at(-1), 'OK');
  });

  it('sends no message for an empty list', async () => {
    handler = function* none() {
      for (const containers of chunks(named(0))) yield { containers };
    };
    const { sizes, code } = await collect(client.streamContainers({}));
    assert.deepEqual([sizes, code], [[], status.OK]);
  });

  it('maps an error of the handler, also after messages', async () => {
    handler = async function* failing() {
      yield { containers: named(1) };
      throw new BoxError('EVENTS_LOST', 'too slow');
    };
    const { sizes, code, details } = await collect(client.streamContainers({}));
    assert.deepEqual([sizes, code, details], [[1], status.RESOURCE_EXHAUSTED, 'too slow']);
    assert.equal(observed.at(-1), 'RESOURCE_EXHAUSTED');
  });

  it('asks the handler for no more than the client takes', async () => {
    let asked = 0;
    const large = [{ id: 'x'.repeat(64 * 1024) }];
    handler = function* endless() {
      for (;;) {
        asked += 1;
        yield { containers: large };
      }
    };
    const stream: Replies = client.streamContainers({});
    stream.on('error', () => undefined);
    await once(stream, 'metadata');
    let before = -1;
    // nobody reads: it comes to a stop
    while (before !== asked) {
      before = asked;
      for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
    }
    assert.ok(asked < 40, `${asked} messages were made for a client that takes none`);
    const outcome = ended(stream);
    stream.cancel();
    await outcome;
  });

  it('tells a waiting handler that its client has left', async () => {
    const ended = Promise.withResolvers<void>();
    handler = async function* waiting(_request, signal) {
      await once(signal, 'abort');
      ended.resolve();
      yield* [];
    };
    const stream: Replies = client.streamContainers({});
    stream.on('error', () => undefined);
    await once(stream, 'metadata');
    stream.cancel();
    await ended.promise;
  });

  it('ends endless streams when the daemon stops', async () => {
    handler = async function* waiting(_request, signal) {
      await once(signal, 'abort');
      yield* [];
    };
    const stream: Replies = client.streamContainers({});
    const outcome = collect(stream);
    await once(stream, 'metadata');
    stopping.abort();
    assert.equal((await outcome).code, status.UNAVAILABLE);
  });
});
