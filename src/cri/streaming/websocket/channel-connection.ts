/** A WebSocket that carries several streams, as kubelet's legacy clients, crictl and critest speak it. */
import { createWebSocketStream, type WebSocket } from 'ws';
import { BoxError, messageOf } from '../../../errors.ts';
import { ChannelStream } from '../channel-stream.ts';
import { probing } from '../pump.ts';
import { type ChannelEncoding, decodeMessage, encodeMessage } from './channel-frames.ts';

const NORMAL_CLOSURE = 1000;
const PROTOCOL_ERROR = 1002;
/** RFC 6455, section 5.5: a close frame has 125 bytes, two of them for the code. */
const MAX_REASON = 123;

export interface ChannelProtocol {
  readonly encoding: ChannelEncoding;
  /** The client can end a channel. The server never does: its end is that of the connection. */
  readonly halfClose: boolean;
}

/**
 * INVARIANTS
 * - One message at a time is taken, and the next is read only when that one's consumer has taken it.
 * - Each channel has at most one message on its way out.
 * - `gone` fires once; then every channel is closed.
 */
export class ChannelConnection {
  readonly #ws: WebSocket;
  readonly #protocol: ChannelProtocol;
  readonly #channels = new Map<number, ChannelStream>();
  readonly #gone = new AbortController();

  constructor(ws: WebSocket, protocol: ChannelProtocol) {
    this.#ws = ws;
    this.#protocol = protocol;
    ws.once('close', () => this.#leave());
  }

  /** Fires when the client is gone. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** A channel that the client may write to and read from; to be asked for before run(), once for each number. */
  channel(number: number): ChannelStream {
    const stream = new ChannelStream({
      send: (bytes) => this.#send(number, bytes),
      finish: () => Promise.resolve(),
      abandon: () => undefined,
    });
    this.#channels.set(number, stream);
    return stream;
  }

  /** An empty message, which tells the client that the server is there. */
  async greet(channel: number): Promise<void> {
    await this.#send(channel, Buffer.alloc(0));
  }

  /** Reads until the client is gone. INVALID_REQUEST if it did not keep to the protocol. */
  async run(): Promise<void> {
    try {
      for await (const message of this.#messages()) await this.#take(message);
    } catch (error) {
      this.#ws.close(PROTOCOL_ERROR, Buffer.from(messageOf(error)).subarray(0, MAX_REASON));
      throw error;
    } finally {
      this.#leave();
    }
  }

  /** Sends what is still to be sent and closes; run() ends when the client has answered, or has not for a while. */
  async end(): Promise<void> {
    await Promise.all([...this.#channels.values()].map((stream) => stream.finish()));
    this.#ws.close(NORMAL_CLOSURE);
  }

  /** That the connection is lost is no error; a message that ws refuses is one. */
  async *#messages(): AsyncGenerator<Buffer, void, undefined> {
    const incoming = createWebSocketStream(this.#ws, { readableObjectMode: true, readableHighWaterMark: 1 });
    try {
      for await (const message of incoming.iterator({ destroyOnReturn: false })) {
        yield Buffer.isBuffer(message) ? message : Buffer.from(String(message));
      }
    } catch (cause) {
      if (cause instanceof RangeError) throw new BoxError('INVALID_REQUEST', messageOf(cause), { cause });
    }
  }

  async #take(message: Buffer): Promise<void> {
    const decoded = decodeMessage(message, this.#protocol.encoding, this.#protocol.halfClose);
    const stream = this.#channels.get(decoded.channel);
    if (decoded.kind === 'close') {
      stream?.peerFinished();
      return;
    }
    const taken = stream?.deliver(decoded.bytes);
    // a pong that nobody asked for is allowed, and answers the pings that wait behind the client's data
    if (taken !== undefined) await probing(taken, () => this.#ws.pong());
  }

  #send(channel: number, bytes: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#ws.send(encodeMessage(channel, bytes, this.#protocol.encoding), () => resolve());
    });
  }

  #leave(): void {
    for (const stream of this.#channels.values()) stream.peerLeft();
    this.#gone.abort();
  }
}
