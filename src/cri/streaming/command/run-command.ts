/** A process's streams and a client's, joined; the same for exec and attach, SPDY and WebSocket. */
import type { Readable, Writable } from 'node:stream';
import { messageOf } from '../../../errors.ts';
import type { ProcessStreams, TerminalSize } from '../../../runtime/streams.ts';
import { pump } from '../pump.ts';
import { aborted } from '../waiting.ts';
import type { CommandOutcome } from './exec-status.ts';
import { ResizeParser } from './resize-parser.ts';

/** What the client opened. */
export interface CommandChannels {
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  readonly resize?: Readable;
  readonly error: Writable;
}

/**
 * Runs to the end of the process and of its output. When `leave` fires (the client is gone, the daemon stops) the streams are
 * given up and the reason is the outcome.
 */
export async function runCommand(
  open: (signal: AbortSignal) => Promise<ProcessStreams>,
  channels: CommandChannels,
  leave: AbortSignal,
): Promise<CommandOutcome> {
  let streams: ProcessStreams | undefined;
  try {
    streams = await open(leave);
    leave.throwIfAborted();
    return { kind: 'exited', exitCode: await join(streams, channels, leave) };
  } catch (error) {
    return { kind: 'failed', message: messageOf(error) };
  } finally {
    streams?.close();
  }
}

/** The exit code, when all output is with the client. */
async function join(streams: ProcessStreams, channels: CommandChannels, leave: AbortSignal): Promise<number> {
  feedInput(channels.stdin, streams.stdin);
  if (channels.resize !== undefined) followSizes(channels.resize, (size) => streams.resize(size));
  const done = Promise.all([
    streams.exited,
    copyOutput(streams.stdout, channels.stdout),
    copyOutput(streams.stderr, channels.stderr),
  ]);
  const [exitCode] = await Promise.race([done, aborted(leave)]);
  return exitCode;
}

/** A client that closes its stdin, in whichever way, ends the process's. */
function feedInput(from: Readable | undefined, to: Writable | undefined): void {
  if (to === undefined) from?.resume();
  else if (from === undefined) to.end();
  else pump(from, to).catch(() => to.end());
}

async function copyOutput(from: Readable | undefined, to: Writable | undefined): Promise<void> {
  if (to === undefined) from?.resume();
  else if (from === undefined) to.end();
  else await pump(from, to);
}

/** Sizes that cannot be read end the resizing and nothing else: the stream is closed, and the client sees that. */
function followSizes(from: Readable, resize: (size: TerminalSize) => void): void {
  const parser = new ResizeParser();
  from.on('data', (bytes: Buffer) => {
    try {
      for (const size of parser.push(bytes)) resize(size);
    } catch {
      from.destroy();
    }
  });
}
