/**
 * The daemon's side of one layer worker.
 *
 * INVARIANTS
 * - One job at a time; a worker whose job did not end in `done` is killed, never reused: its stdin may hold stray bytes.
 * - When run() rejects, the process is gone, so nothing writes to the job's file any more.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { BoxError } from '../../errors.ts';
import { giveWay } from '../../priority.ts';
import { type LayerJob, type LayerResult, workerReplySchema } from './protocol.ts';

/** A worker that takes no byte and gives no answer for so long is stuck (its slowest step is one fdatasync). */
const STALL_MS = 300_000;
const STDERR_TAIL = 2048;

/** Hands bytes to the worker; resolves when it may get more, rejects when it has ended or failed. */
export type WriteChunk = (chunk: Buffer) => Promise<void>;

/** The worker's program: in tests its sources, which need all of them, else its bundle, which stands alone. */
interface Program {
  readonly main: string;
  /** All that it may read but the ingest folder. */
  readonly readable: readonly string[];
}

const beside = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const PROGRAM: Program = import.meta.url.endsWith('.ts')
  ? { main: beside('./main.ts'), readable: [beside('../..'), beside('../../../package.json')] }
  : { main: beside('../layer-worker/main.mjs'), readable: [beside('../layer-worker')] };

export interface WorkerOptions {
  /** The only folder the worker may write to. */
  readonly ingestDir: string;
  readonly maxHeapMiB?: number;
  readonly stallMs?: number;
}

function spawnWorker(options: WorkerOptions): ChildProcess {
  return fork(PROGRAM.main, [], {
    // The permission model is a second wall: no processes, no addons, no files but its code and the ingest folder.
    execArgv: [
      '--permission',
      ...[...PROGRAM.readable, options.ingestDir].map((path) => `--allow-fs-read=${path}`),
      `--allow-fs-write=${options.ingestDir}`,
      '--max-semi-space-size=2',
      `--max-old-space-size=${options.maxHeapMiB ?? 1024}`,
    ],
    cwd: '/',
    env: {},
    stdio: ['pipe', 'ignore', 'pipe', 'ipc'],
  });
}

export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #stallMs: number;
  #stderr = '';
  #exited: boolean;
  #stalled = false;

  constructor(options: WorkerOptions) {
    this.#stallMs = options.stallMs ?? STALL_MS;
    this.#child = spawnWorker(options);
    // one that could not be started has no exit; the next job's reply says why
    this.#exited = this.#child.pid === undefined;
    giveWay(this.#child);
    this.#child.on('exit', () => {
      this.#exited = true;
    });
    // between jobs nobody else listens, and what is wrong shows in the next one
    this.#child.on('error', () => undefined);
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString('latin1')).slice(-STDERR_TAIL);
    });
    // A broken pipe shows as the worker's exit; without a listener it would end the daemon.
    this.#child.stdin?.on('error', () => this.#child.kill('SIGKILL'));
  }

  get usable(): boolean {
    return !this.#exited && this.#child.connected;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Runs one job; `feed` must write exactly `job.blobSize` bytes. @throws what `feed` throws, or the worker's error. */
  async run(job: LayerJob, feed: (write: WriteChunk) => Promise<void>): Promise<LayerResult> {
    const ended = new AbortController();
    const stall = setTimeout(() => {
      this.#stalled = true;
      this.#child.kill('SIGKILL');
    }, this.#stallMs);
    const reply = this.#reply(job, ended.signal);
    const failed = new AbortController();
    reply.catch(() => failed.abort());
    try {
      if (!this.#exited) this.#child.send(job);
      await Promise.race([
        feed((chunk) => {
          stall.refresh();
          return this.#write(chunk, reply, failed.signal);
        }),
        reply,
      ]);
      stall.refresh();
      return await reply;
    } catch (error) {
      await this.kill();
      throw error;
    } finally {
      clearTimeout(stall);
      ended.abort();
    }
  }

  /** An idle worker must not keep its parent alive, a busy one must. */
  keepParentAlive(keep: boolean): void {
    const child = this.#child;
    const method = keep ? 'ref' : 'unref';
    child[method]();
    child.channel?.[method]();
    for (const stream of [child.stdin, child.stderr]) {
      if (stream instanceof Socket) stream[method]();
    }
  }

  /** Ends the process; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#exited) return;
    this.keepParentAlive(true);
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }

  async #write(chunk: Buffer, reply: Promise<LayerResult>, failed: AbortSignal): Promise<void> {
    const { stdin } = this.#child;
    if (stdin === null || stdin.write(chunk)) return;
    try {
      // The signal, not a race with the reply: each race would hang another callback on it for the whole job.
      await once(stdin, 'drain', { signal: failed });
    } catch (error) {
      // A broken pipe or the signal only tell that the worker has failed; its reply or exit says why.
      await reply;
      throw error;
    }
  }

  #reply(job: LayerJob, ended: AbortSignal): Promise<LayerResult> {
    return new Promise((resolve, reject) => {
      const child = this.#child;
      const onMessage = (message: unknown): void => {
        const parsed = workerReplySchema.safeParse(message);
        if (!parsed.success)
          reject(new BoxError('INTERNAL', `layer worker answered nonsense for ${job.digest}`, { cause: parsed.error }));
        else if (parsed.data.kind === 'done') resolve(parsed.data.result);
        else reject(new BoxError(parsed.data.reason, parsed.data.message));
      };
      const onExit = (code: number | null, signal: NodeJS.Signals | null): void => {
        reject(this.#crash(job, code, signal));
      };
      child.on('message', onMessage);
      child.on('exit', onExit);
      const onError = (cause: Error): void => {
        reject(new BoxError('INTERNAL', `layer worker for ${job.digest}: ${cause.message}`, { cause }));
      };
      child.on('error', onError);
      ended.addEventListener('abort', () => {
        child.off('message', onMessage).off('exit', onExit).off('error', onError);
      });
    });
  }

  #crash(job: LayerJob, code: number | null, signal: NodeJS.Signals | null): BoxError {
    if (this.#stalled)
      return new BoxError(
        'LAYER_LIMIT',
        `layer ${job.digest}: its worker made no progress for ${this.#stallMs / 1000} s`,
      );
    const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
    const isMemory = signal === 'SIGABRT' || code === 134 || this.#stderr.includes('heap out of memory');
    if (isMemory)
      return new BoxError('LAYER_LIMIT', `layer ${job.digest} needs more memory than a layer worker may use (${how})`);
    const last = this.#stderr.trim().split('\n').at(-1) ?? '';
    return new BoxError(
      'INTERNAL',
      `layer worker ended by ${how} while it read ${job.digest}${last === '' ? '' : `: ${last}`}`,
    );
  }
}
