/**
 * The server's side of a SPDY/3.1 connection, as moby/spdystream's clients speak it: they open all streams, there is no flow
 * control, and TCP's is the only back-pressure.
 */
import type { Duplex } from 'node:stream';
import { BoxError } from '../../../errors.ts';
import { ChannelStream } from '../channel-stream.ts';
import { probing } from '../pump.ts';
import { FrameReader } from './frame-reader.ts';
import { dataHeader, type Frame, GoAwayStatus, goAway, ping, ResetStatus, rstStream, synReply } from './frames.ts';
import { formatHeaderBlock, type Headers, parseHeaderBlock } from './header-block.ts';
import { HeaderDeflater, HeaderInflater } from './header-compression.ts';

/** A forwarded connection takes two. */
export const MAX_STREAMS = 512;
/** Of a data frame: small enough that streams take turns. */
const MAX_DATA = 64 * 1024;
/** How long a client that has been told everything may take to leave. */
const LINGER_MS = 10_000;
const FIRST_PING = 2;

export interface OpenedStream {
  readonly id: number;
  readonly headers: Headers;
  readonly stream: ChannelStream;
}

/**
 * INVARIANTS
 * - One frame at a time is taken, and bytes are read only when the last one's consumer has taken it: what is buffered is one
 *   piece per stream, and the socket's own buffers.
 * - Whatever is written waits for the socket to drain, answers to the client too: a client that never reads is not read from.
 * - `gone` fires once; then every stream is closed.
 */
export class SpdyConnection {
  readonly #socket: Duplex;
  readonly #accept: (opened: OpenedStream) => boolean;
  readonly #streams = new Map<number, ChannelStream>();
  readonly #inflater = new HeaderInflater();
  readonly #deflater = new HeaderDeflater();
  readonly #gone = new AbortController();
  #lastStreamId = 0;
  #nextPing = FIRST_PING;
  #ending = false;
  #draining: Promise<void> | undefined;

  /** `accept` says whether an opened stream is wanted; false refuses it. */
  constructor(socket: Duplex, accept: (opened: OpenedStream) => boolean) {
    this.#socket = socket;
    this.#accept = accept;
    socket.once('close', () => this.#leave());
  }

  /** Fires when the client is gone. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Reads until the client is gone. INVALID_REQUEST if it did not speak SPDY/3; a lost connection is no error. */
  async run(): Promise<void> {
    const reader = new FrameReader();
    try {
      for await (const chunk of this.#chunks()) {
        for (const frame of reader.push(chunk)) await this.#take(frame);
      }
    } catch (error) {
      void this.#send(goAway(this.#lastStreamId, GoAwayStatus.PROTOCOL_ERROR));
      throw error;
    } finally {
      this.#socket.destroy();
      this.#leave();
    }
  }

  /** Ends every stream, says goodbye, and gives the client some time to leave; run() ends with that. */
  async end(): Promise<void> {
    this.#ending = true;
    await Promise.all([...this.#streams.values()].map((stream) => stream.finish()));
    await this.#send(goAway(this.#lastStreamId, GoAwayStatus.OK));
    if (this.gone.aborted) return;
    const limit = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    this.gone.addEventListener('abort', () => clearTimeout(limit));
    this.#socket.end();
  }

  /** What the socket brings; that it fails means that the client is gone, which says enough. */
  async *#chunks(): AsyncGenerator<Buffer, void, undefined> {
    try {
      yield* this.#socket.iterator({ destroyOnReturn: false });
    } catch (error) {
      if (!this.#socket.destroyed) throw error;
    }
  }

  async #take(frame: Frame): Promise<void> {
    switch (frame.kind) {
      case 'open':
        return this.#open(frame.streamId, frame.fin, this.#headers(frame.headerBlock));
      case 'headers':
        this.#headers(frame.headerBlock);
        if (frame.fin) this.#streams.get(frame.streamId)?.peerFinished();
        return;
      case 'data':
        return this.#data(frame.streamId, frame.fin, frame.bytes);
      case 'reset':
        this.#streams.get(frame.streamId)?.peerLeft();
        // not only with its 'close', which is later than the next frame
        this.#streams.delete(frame.streamId);
        return;
      case 'ping':
        // an even one answers ours
        return frame.id % 2 === 1 ? this.#send(ping(frame.id)) : undefined;
      case 'goAway':
        // the client's last word before it closes the connection
        return;
      default:
        return frame satisfies never;
    }
  }

  /** Every block must be read, wanted or not: they are one compressed stream. */
  #headers(block: Buffer): Headers {
    return parseHeaderBlock(this.#inflater.inflate(block));
  }

  async #open(id: number, fin: boolean, headers: Headers): Promise<void> {
    if (id % 2 === 0 || id <= this.#lastStreamId) {
      throw new BoxError('INVALID_REQUEST', `spdy: stream ${id} was opened after stream ${this.#lastStreamId}`);
    }
    this.#lastStreamId = id;
    if (this.#ending || this.#streams.size >= MAX_STREAMS) return this.#reset(id, ResetStatus.REFUSED_STREAM);
    const stream = this.#newStream(id);
    if (fin) stream.peerFinished();
    if (!this.#accept({ id, headers, stream })) {
      stream.peerLeft();
      return this.#reset(id, ResetStatus.REFUSED_STREAM);
    }
    await this.#send(synReply(id, this.#deflater.deflate(formatHeaderBlock(new Map()))));
  }

  #newStream(id: number): ChannelStream {
    const stream = new ChannelStream({
      send: (bytes) => this.#sendData(id, bytes),
      finish: () => this.#send(dataHeader(id, 0, true)),
      abandon: () => void this.#reset(id, ResetStatus.CANCEL),
    });
    this.#streams.set(id, stream);
    stream.once('close', () => this.#streams.delete(id));
    return stream;
  }

  async #data(id: number, fin: boolean, bytes: Buffer): Promise<void> {
    const stream = this.#streams.get(id);
    const taken = stream?.deliver(bytes);
    if (taken !== undefined) await probing(taken, () => this.#probe());
    if (fin) stream?.peerFinished();
  }

  #probe(): void {
    if (this.#socket.writableNeedDrain) return;
    void this.#send(ping(this.#nextPing));
    this.#nextPing += 2;
  }

  async #sendData(id: number, bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; at += MAX_DATA) {
      const piece = bytes.subarray(at, at + MAX_DATA);
      await this.#send(dataHeader(id, piece.length, false), piece);
    }
  }

  #reset(id: number, status: ResetStatus): Promise<void> {
    return this.#send(rstStream(id, status));
  }

  /** Writes one frame; resolves when more may be written, or never can. */
  async #send(...parts: readonly Buffer[]): Promise<void> {
    if (!this.#socket.writable) return;
    this.#socket.cork();
    for (const part of parts) this.#socket.write(part);
    this.#socket.uncork();
    if (this.#socket.writableNeedDrain) await this.#drained();
  }

  /** One pair of listeners, however many streams wait. */
  #drained(): Promise<void> {
    this.#draining ??= new Promise((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done).off('close', done);
        this.#draining = undefined;
        resolve();
      };
      this.#socket.on('drain', done).on('close', done);
    });
    return this.#draining;
  }

  #leave(): void {
    for (const stream of this.#streams.values()) stream.peerLeft();
    this.#gone.abort();
  }
}
