/**
 * The streams of one process over one call to the guest: Run and Attach.
 *
 * INVARIANTS
 * - The call is always read, whatever the client does, so that no message waits behind bytes that nobody takes; what is in
 *   memory is bounded by the windows of the streams, and a guest that oversteps them ends the session.
 * - It ends once, with an exit code or with a reason; then the call is over and `left` has been called.
 */
import type { Readable, Writable } from 'node:stream';
import { BoxError, type ErrorReason } from '../../errors.ts';
import type { RunExited__Output } from '../../guest-client/generated/a3s/guest/v1/RunExited.ts';
import type { RunResponse__Output } from '../../guest-client/generated/a3s/guest/v1/RunResponse.ts';
import { guestError, isServiceError } from '../../guest-client/guest-error.ts';
import type { ProcessCall } from '../../guest-client/guest-session.ts';
import type { ProcessStreams, StreamRequest, TerminalSize } from '../streams.ts';
import { accepted } from './accepted.ts';
import { OutputStream, WINDOW_BYTES } from './output-stream.ts';
import type { Session } from './sessions.ts';
import { StdinStream } from './stdin-stream.ts';

/** Often enough for the guest never to wait for a reader that keeps up. */
const ACKNOWLEDGE_BYTES = WINDOW_BYTES / 4;
const MAX_CELLS = 0xffff;

type OutputName = 'stdout' | 'stderr';

/** How errors of the call are told. */
export interface CallNames {
  readonly call: 'Run' | 'Attach';
  /** What it means when the guest understood the call and cannot carry it out. */
  readonly refused: ErrorReason;
}

export class ProcessSession implements ProcessStreams, Session {
  readonly stdin?: Writable;
  readonly stdout?: Readable;
  readonly stderr?: Readable;
  readonly exited: Promise<number>;
  readonly opened: Promise<void>;
  readonly #call: ProcessCall;
  readonly #input: StdinStream | undefined;
  readonly #outputs: Readonly<Record<OutputName, OutputStream | undefined>>;
  readonly #taken = { stdout: 0, stderr: 0 };
  readonly #acknowledged = { stdout: 0, stderr: 0 };
  readonly #sizes: Sizes | undefined;
  readonly #end: PromiseWithResolvers<number> = Promise.withResolvers();
  #over = false;

  /** `left` is called when the call is over. */
  constructor(call: ProcessCall, request: StreamRequest, names: CallNames, left: () => void) {
    this.#call = call;
    const output = (name: OutputName, wanted: boolean): OutputStream | undefined =>
      wanted ? new OutputStream((bytes) => this.#onTaken(name, bytes)) : undefined;
    this.#outputs = { stdout: output('stdout', request.stdout), stderr: output('stderr', request.stderr) };
    this.#input = request.stdin ? stdinOf(call) : undefined;
    if (this.#outputs.stdout !== undefined) this.stdout = this.#outputs.stdout;
    if (this.#outputs.stderr !== undefined) this.stderr = this.#outputs.stderr;
    if (this.#input !== undefined) this.stdin = this.#input;
    this.#sizes = request.tty ? new Sizes(call) : undefined;
    this.exited = this.#end.promise.finally(left);
    // whoever waits sees the rejection; without a waiter it must not end the daemon
    this.exited.catch(() => undefined);
    this.opened = accepted(call, this.exited);
    call.on('data', (response: RunResponse__Output) => this.#receive(response, names));
    call.on('error', (error) =>
      this.fail(
        isServiceError(error)
          ? guestError(error, names.call, names.refused)
          : new BoxError('GUEST_ANSWER', error.message, { cause: error }),
      ),
    );
    call.on('end', () => this.fail(new BoxError('GUEST_ANSWER', `the guest ended ${names.call} without an exit code`)));
  }

  resize(size: TerminalSize): void {
    if (!this.#over) this.#sizes?.set(size);
  }

  close(): void {
    this.fail(new BoxError('CANCELLED', 'the stream was closed before the process had ended'));
  }

  /** The exit code will never be known. Outputs end after what has come, stdin takes nothing more. */
  fail(reason: BoxError): void {
    if (!this.#over) this.#finish(() => this.#end.reject(reason));
  }

  #receive(response: RunResponse__Output, names: CallNames): void {
    if (this.#over) return;
    try {
      if (response.stdout) this.#deliver('stdout', response.stdout);
      else if (response.stderr) this.#deliver('stderr', response.stderr);
      else if (response.stdinTaken !== undefined) this.#input?.acknowledge(Number(response.stdinTaken));
      else if (response.exited) this.#exit(response.exited);
    } catch (cause) {
      const error = cause instanceof Error ? cause : new TypeError(String(cause));
      this.fail(new BoxError('GUEST_ANSWER', `${names.call}: ${error.message}`, { cause }));
    }
  }

  /** A stream that the client does not want is read and dropped. */
  #deliver(name: OutputName, data: Buffer): void {
    const output = this.#outputs[name];
    if (output === undefined) this.#onTaken(name, data.length);
    else if (!output.deliver(data)) throw new RangeError(`more than ${WINDOW_BYTES} bytes of ${name} at once`);
  }

  #onTaken(name: OutputName, bytes: number): void {
    this.#taken[name] += bytes;
    if (this.#over || this.#taken[name] - this.#acknowledged[name] < ACKNOWLEDGE_BYTES) return;
    Object.assign(this.#acknowledged, this.#taken);
    this.#call.write({ taken: { ...this.#taken } });
  }

  #exit({ exitCode }: RunExited__Output): void {
    if (exitCode < 0 || exitCode > 255) throw new RangeError(`${exitCode} is no exit code`);
    this.#finish(() => this.#end.resolve(exitCode));
  }

  #finish(settle: () => void): void {
    this.#over = true;
    for (const output of [this.#outputs.stdout, this.#outputs.stderr]) output?.finish();
    this.#input?.destroy();
    this.#call.cancel();
    settle();
  }
}

function stdinOf(call: ProcessCall): StdinStream {
  return new StdinStream(
    // why a message could not leave is told by the call's own error
    (data, sent) => call.write({ stdin: data }, () => sent()),
    () => call.write({ closeStdin: {} }),
  );
}

/** A terminal's sizes on their way to the guest; of those that wait for an earlier one to be sent, only the last counts. */
class Sizes {
  readonly #call: ProcessCall;
  #sending = false;
  #next: TerminalSize | undefined;

  constructor(call: ProcessCall) {
    this.#call = call;
  }

  set(size: TerminalSize): void {
    this.#next = size;
    if (!this.#sending) this.#send();
  }

  #send(): void {
    const size = this.#next;
    this.#next = undefined;
    this.#sending = size !== undefined;
    if (size === undefined) return;
    const resize = { columns: Math.min(size.width, MAX_CELLS), rows: Math.min(size.height, MAX_CELLS) };
    this.#call.write({ resize }, () => this.#send());
  }
}
