/** A SPDY/3.1 client as moby/spdystream is one: it opens streams one by one, and its compressor is zlib's own, with state. */
import { once } from 'node:events';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { constants, createDeflate } from 'node:zlib';
import { SPDY_DICTIONARY } from '../cri/streaming/spdy/dictionary.ts';
import { FrameReader } from '../cri/streaming/spdy/frame-reader.ts';
import { controlFrame, dataHeader, type Frame, FrameType, ping, rstStream } from '../cri/streaming/spdy/frames.ts';
import { formatHeaderBlock } from '../cri/streaming/spdy/header-block.ts';

/** Compresses header blocks as the Go clients do: one zlib stream, flushed after each. */
export class StatefulCompressor {
  readonly #deflate = createDeflate({ dictionary: SPDY_DICTIONARY });

  async compress(block: Buffer): Promise<Buffer> {
    this.#deflate.write(block);
    await new Promise<void>((resolve) => this.#deflate.flush(constants.Z_SYNC_FLUSH, resolve));
    return this.#deflate.read() as Buffer;
  }

  close(): void {
    this.#deflate.close();
  }
}

export function synStream(id: number, fin: boolean, headerBlock: Buffer): Buffer {
  const prefix = Buffer.alloc(10);
  prefix.writeUInt32BE(id, 0);
  return controlFrame(FrameType.SYN_STREAM, fin ? 1 : 0, Buffer.concat([prefix, headerBlock]));
}

/** What the server's first answer is: "switching protocols" with a socket, or a refusal. */
export type Answer =
  | { readonly status: 101; readonly protocol: string; readonly socket: Socket }
  | { readonly status: number; readonly protocol: string; readonly body: string };

/** Asks for an upgrade. */
export function upgrade(
  url: string,
  headers: Readonly<Record<string, string>>,
  method: 'GET' | 'POST' | 'PUT' = 'POST',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers: { Connection: 'Upgrade', ...headers } });
    asked.on('error', reject);
    asked.on('upgrade', (response, socket, head) => {
      socket.unshift(head);
      const protocol = String(response.headers['x-stream-protocol-version']);
      resolve({ status: 101, protocol, socket });
    });
    asked.on('response', (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += String(chunk);
      });
      response.on('end', () => {
        const protocol = String(response.headers['x-accepted-stream-protocol-versions'] ?? '');
        resolve({ status: response.statusCode ?? 0, protocol, body });
      });
    });
    asked.end();
  });
}

export interface ClientStream {
  readonly id: number;
  /** All data, when the server has ended or reset the stream, or the connection is gone. */
  readonly all: Promise<Buffer>;
  /** Resolves true if the server reset it. */
  readonly wasReset: Promise<boolean>;
  write(bytes: Buffer | string): void;
  end(): void;
  reset(): void;
}

interface Incoming {
  readonly chunks: Buffer[];
  readonly replied: PromiseWithResolvers<boolean>;
  readonly ended: PromiseWithResolvers<boolean>;
}

export class SpdyClient {
  readonly socket: Socket;
  /** Everything but data and replies, as it came. */
  readonly control: Frame[] = [];
  readonly #compressor = new StatefulCompressor();
  readonly #streams = new Map<number, Incoming>();
  #nextId = 1;

  constructor(socket: Socket) {
    this.socket = socket;
    const reader = new FrameReader();
    socket.on('data', (chunk: Buffer) => {
      for (const frame of reader.push(chunk)) this.#take(frame);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#compressor.close();
      for (const { ended, replied } of this.#streams.values()) {
        replied.resolve(false);
        ended.resolve(false);
      }
    });
  }

  static async connect(url: string, protocol: string): Promise<SpdyClient> {
    const answer = await upgrade(url, { Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': protocol });
    if (!('socket' in answer)) throw new Error(`refused: ${answer.status} ${answer.body}`);
    return new SpdyClient(answer.socket);
  }

  /** Undefined if the server refused the stream. */
  async open(headers: Readonly<Record<string, string>>): Promise<ClientStream | undefined> {
    const id = this.#nextId;
    this.#nextId += 2;
    const incoming: Incoming = {
      chunks: [],
      replied: Promise.withResolvers<boolean>(),
      ended: Promise.withResolvers<boolean>(),
    };
    this.#streams.set(id, incoming);
    const block = formatHeaderBlock(new Map(Object.entries(headers)));
    this.socket.write(synStream(id, false, await this.#compressor.compress(block)));
    if (!(await incoming.replied.promise)) return undefined;
    return {
      id,
      all: incoming.ended.promise.then(() => Buffer.concat(incoming.chunks)),
      wasReset: incoming.ended.promise,
      write: (bytes) => {
        const payload = Buffer.from(bytes);
        this.socket.write(Buffer.concat([dataHeader(id, payload.length, false), payload]));
      },
      end: () => this.socket.write(dataHeader(id, 0, true)),
      reset: () => this.socket.write(rstStream(id, 5)),
    };
  }

  /** Sends a ping and waits for the answer. */
  async ping(id: number): Promise<void> {
    this.socket.write(ping(id));
    while (!this.control.some((frame) => frame.kind === 'ping' && frame.id === id)) await once(this.socket, 'data');
  }

  close(): void {
    this.socket.destroy();
  }

  #take(frame: Frame): void {
    const stream = 'streamId' in frame ? this.#streams.get(frame.streamId) : undefined;
    if (frame.kind === 'headers') stream?.replied.resolve(true);
    else if (frame.kind === 'data') {
      stream?.chunks.push(Buffer.from(frame.bytes));
      if (frame.fin) stream?.ended.resolve(false);
    } else {
      this.control.push(frame);
      stream?.replied.resolve(false);
      stream?.ended.resolve(true);
    }
  }
}
