/** Exec and attach over SPDY: the client opens one stream for each of error, stdin, stdout, stderr and resize that it wants. */
import type { Duplex } from 'node:stream';
import type { StreamRequest } from '../../../runtime/streams.ts';
import type { ChannelStream } from '../channel-stream.ts';
import { STREAM_CREATION_MS } from '../limits.ts';
import type { CommandProtocol } from '../protocols.ts';
import { type OpenedStream, SpdyConnection } from '../spdy/connection.ts';
import { aborted, bothEnded, within } from '../waiting.ts';
import type { Command } from './command.ts';
import { converse } from './converse.ts';
import type { CommandOutcome } from './exec-status.ts';
import type { CommandChannels } from './run-command.ts';

/** `stopping` fires when the daemon stops. Rejects if the client does not keep to the protocol. */
export function serveSpdyCommand(
  socket: Duplex,
  protocol: CommandProtocol,
  command: Command,
  stopping: AbortSignal,
): Promise<CommandOutcome> {
  const streams = new CommandStreams(expectedTypes(command.streams, protocol));
  const connection = new SpdyConnection(socket, (opened) => streams.accept(opened));
  const leave = AbortSignal.any([connection.gone, stopping]);
  const conversation = async (): Promise<CommandOutcome> => {
    try {
      return await converse(command, await streams.all(leave), protocol.status, leave);
    } finally {
      await connection.end();
    }
  };
  return bothEnded(conversation(), connection.run());
}

const STREAM_TYPES = ['error', 'stdin', 'stdout', 'stderr', 'resize'] as const;
type StreamType = (typeof STREAM_TYPES)[number];

function expectedTypes(request: StreamRequest, protocol: CommandProtocol): readonly StreamType[] {
  const wanted = { ...request, error: true, resize: request.tty && protocol.resize };
  return STREAM_TYPES.filter((type) => wanted[type]);
}

/** INVARIANT: a type is either in `#missing` or in `#found`, or was never expected. */
class CommandStreams {
  readonly #missing: Set<StreamType>;
  readonly #found = new Map<StreamType, ChannelStream>();
  readonly #complete = Promise.withResolvers<void>();

  constructor(expected: readonly StreamType[]) {
    this.#missing = new Set(expected);
  }

  /** False for a stream that was not asked for, or is there already. */
  accept({ headers, stream }: OpenedStream): boolean {
    const type = STREAM_TYPES.find((type) => type === headers.get('streamtype'));
    if (type === undefined || !this.#missing.delete(type)) return false;
    this.#found.set(type, stream);
    // what clients send on a stream that is only for us to write is of no interest
    if (type !== 'stdin' && type !== 'resize') stream.resume();
    if (this.#missing.size === 0) this.#complete.resolve();
    return true;
  }

  /** All streams; rejects if the client leaves before, or takes too long. */
  async all(leave: AbortSignal): Promise<CommandChannels> {
    const late = (): string =>
      `the client has not opened ${[...this.#missing].join(', ')} within ${STREAM_CREATION_MS / 1000} s`;
    await within(STREAM_CREATION_MS, late, Promise.race([this.#complete.promise, aborted(leave)]));
    const { error, ...others } = Object.fromEntries(this.#found) as Partial<Record<StreamType, ChannelStream>>;
    if (error === undefined) throw new Error('the error stream is always expected');
    return { error, ...others };
  }
}
