/** Streams into a sandbox as the runtime opens them, by a second client of its guest beside the daemon's. */
import { createHash } from 'node:crypto';
import type { Duplex, Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { GuestClient } from '../../../src/guest-client/guest-client.ts';
import { openTokenKey } from '../../../src/runtime/host/token-key.ts';
import { sandboxPaths } from '../../../src/runtime/paths.ts';
import { attachOpening } from '../../../src/runtime/streams/open-attach.ts';
import { execOpening } from '../../../src/runtime/streams/open-exec.ts';
import { forwardTo } from '../../../src/runtime/streams/open-forward.ts';
import { openProcess, type ProcessOpening } from '../../../src/runtime/streams/open-process.ts';
import { Sessions } from '../../../src/runtime/streams/sessions.ts';
import type { ProcessStreams, StreamRequest } from '../../../src/runtime/streams.ts';
import type { Folders } from './daemon.ts';

const NEVER = new AbortController().signal;
const NOTHING: StreamRequest = { tty: false, stdin: false, stdout: false, stderr: false };
export const OUTPUT: StreamRequest = { ...NOTHING, stdout: true, stderr: true };
export const ALL: StreamRequest = { ...OUTPUT, stdin: true };
export const TERMINAL: StreamRequest = { tty: true, stdin: true, stdout: true, stderr: false };

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

export class GuestStreams {
  readonly sessions: Sessions;
  readonly #guest: GuestClient;

  private constructor(guest: GuestClient, sandboxId: string) {
    this.#guest = guest;
    this.sessions = new Sessions(sandboxId);
  }

  static async open(folders: Folders, sandboxId: string): Promise<GuestStreams> {
    const { controlSocket, execSocket, terminalSocket } = sandboxPaths(folders.root, folders.state, sandboxId);
    const token = (await openTokenKey(folders.root))(sandboxId);
    return new GuestStreams(new GuestClient({ controlSocket, execSocket, terminalSocket, token }), sandboxId);
  }

  exec(id: string, command: readonly string[], request: StreamRequest, signal = NEVER): Promise<ProcessStreams> {
    return this.#open(execOpening(id, command, request), signal);
  }

  attach(id: string, request: StreamRequest): Promise<ProcessStreams> {
    return this.#open(attachOpening(id, request), NEVER);
  }

  forward(port: number): Promise<Duplex> {
    return forwardTo(this.sessions, () => this.#guest.session(false), port, NEVER);
  }

  /** A command to its end. */
  async run(id: string, command: readonly string[], input = ''): Promise<Ended> {
    const process = await this.exec(id, command, ALL);
    process.stdin?.end(input);
    return ended(process);
  }

  close(): void {
    this.#guest.close();
  }

  #open(opening: ProcessOpening, signal: AbortSignal): Promise<ProcessStreams> {
    return openProcess(this.sessions, () => this.#guest.session(opening.request.tty), opening, signal);
  }
}

/** Reads a process's output to its end. */
export async function ended({ stdout, stderr, exited }: ProcessStreams): Promise<Ended> {
  const all = async (from: Readable | undefined): Promise<string> => (from === undefined ? '' : text(from));
  const [out, err, code] = await Promise.all([all(stdout), all(stderr), exited]);
  return { stdout: out, stderr: err, code };
}

/** Reads a stream until what has come matches. */
export async function until(from: Readable | undefined, wanted: RegExp): Promise<string> {
  let seen = '';
  if (from === undefined) throw new TypeError('there is nothing to read');
  for await (const data of from.iterator({ destroyOnReturn: false })) {
    seen += String(data);
    if (wanted.test(seen)) return seen;
  }
  throw new Error(`the stream ended without ${wanted}: ${JSON.stringify(seen)}`);
}

/** The sha256 of what `yes 0123456789abcde | head -c BYTES` prints, which is also what `sendPattern` sends. */
export const PATTERN = '0123456789abcde\n';
export function patternDigest(bytes: number): string {
  const hash = createHash('sha256');
  for (const part of pattern(bytes)) hash.update(part);
  return hash.digest('hex');
}

export async function sendPattern(to: Writable | undefined, bytes: number): Promise<void> {
  if (to === undefined) throw new TypeError('there is nothing to write to');
  for (const part of pattern(bytes)) {
    if (!to.write(part)) await new Promise((resolve) => to.once('drain', resolve));
  }
  to.end();
}

export async function digest(from: Readable | undefined): Promise<string> {
  const hash = createHash('sha256');
  for await (const data of from ?? []) hash.update(data);
  return hash.digest('hex');
}

function* pattern(bytes: number): Generator<Buffer> {
  const block = Buffer.from(PATTERN.repeat(4096));
  for (let left = bytes; left > 0; left -= block.length) yield block.subarray(0, left);
}
