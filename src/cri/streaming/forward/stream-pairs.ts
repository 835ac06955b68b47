/** Which two streams of a SPDY connection belong to one forwarded connection. */
import type { ChannelStream } from '../channel-stream.ts';
import type { OpenedStream } from '../spdy/connection.ts';

export interface StreamPair {
  readonly port: number;
  readonly data: ChannelStream;
  readonly error: ChannelStream;
}

interface Half {
  readonly type: 'data' | 'error';
  readonly port: number;
  readonly stream: ChannelStream;
}

/** INVARIANT: `#waiting` has the open streams whose other half has not come, by request; each with a timer. */
export class StreamPairs {
  readonly #waiting = new Map<string, Half>();
  readonly #limitMs: number;
  readonly #complete: (pair: StreamPair) => void;

  /** `complete` gets each pair. A stream that stays alone for `limitMs` is closed. */
  constructor(limitMs: number, complete: (pair: StreamPair) => void) {
    this.#limitMs = limitMs;
    this.#complete = complete;
  }

  /** False if the stream says nothing of use, or its request has one of its kind. */
  accept(opened: OpenedStream): boolean {
    const half = parseHalf(opened);
    if (half === undefined) return false;
    const request = requestOf(opened, half);
    const other = this.#waiting.get(request);
    if (other === undefined) {
      this.#wait(request, half);
      return true;
    }
    if (other.type === half.type) return false;
    this.#waiting.delete(request);
    const [data, error] = half.type === 'data' ? [half, other] : [other, half];
    // nothing is said to us on an error stream
    error.stream.resume();
    this.#complete({ port: data.port, data: data.stream, error: error.stream });
    return true;
  }

  #wait(request: string, half: Half): void {
    this.#waiting.set(request, half);
    const giveUp = (): void => {
      if (this.#waiting.get(request) !== half) return;
      this.#waiting.delete(request);
      half.stream.destroy();
    };
    const timer = setTimeout(giveUp, this.#limitMs);
    half.stream.once('close', () => {
      clearTimeout(timer);
      giveUp();
    });
  }
}

const MAX_PORT = 65_535;

function parseHalf({ headers, stream }: OpenedStream): Half | undefined {
  const type = headers.get('streamtype');
  const port = headers.get('port') ?? '';
  if ((type !== 'data' && type !== 'error') || !/^[0-9]{1,5}$/.test(port)) return undefined;
  const number = Number(port);
  return number >= 1 && number <= MAX_PORT ? { type, port: number, stream } : undefined;
}

/** Old clients name no request: their data stream is the one they open next after its error stream. */
function requestOf({ id, headers }: OpenedStream, { type }: Half): string {
  return headers.get('requestid') ?? `stream ${type === 'error' ? id : id - 2}`;
}
