/**
 * A few layer workers, started when needed, reused, and ended when idle.
 *
 * INVARIANTS
 * - At most `size` slots are taken; a slot is one running job. Waiters are served in order.
 * - `#idle` holds workers without a job, each with the timer that will end it; they do not keep the daemon alive.
 */
import { BoxError } from '../../errors.ts';
import type { LayerJob, LayerResult } from './protocol.ts';
import { type WorkerOptions, WorkerProcess, type WriteChunk } from './worker-process.ts';

export interface PoolOptions extends WorkerOptions {
  /** Jobs at once. */
  readonly size: number;
  /** How long a worker may wait for its next job. */
  readonly idleMs?: number;
}

interface IdleWorker {
  readonly worker: WorkerProcess;
  readonly timer: NodeJS.Timeout;
}

export class LayerWorkerPool {
  readonly #options: PoolOptions;
  readonly #idle: IdleWorker[] = [];
  readonly #busy = new Set<WorkerProcess>();
  readonly #waiters: (() => void)[] = [];
  #taken = 0;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /**
   * Runs one job. The signal only stops the wait for a slot; once running, `feed` is what an abort must end.
   * @throws what `feed` throws, or the worker's BoxError.
   */
  async run(job: LayerJob, feed: (write: WriteChunk) => Promise<void>, signal: AbortSignal): Promise<LayerResult> {
    await this.#takeSlot(signal);
    try {
      const worker = this.#takeWorker();
      this.#busy.add(worker);
      try {
        const result = await worker.run(job, feed);
        this.#park(worker);
        return result;
      } finally {
        this.#busy.delete(worker);
      }
    } finally {
      this.#taken -= 1;
      this.#waiters.shift()?.();
    }
  }

  /** Ends all workers; jobs that run fail. */
  async close(): Promise<void> {
    this.#closed = true;
    const idle = this.#idle.splice(0);
    for (const { timer } of idle) clearTimeout(timer);
    await Promise.all([...idle.map(({ worker }) => worker), ...this.#busy].map((worker) => worker.kill()));
  }

  async #takeSlot(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    while (this.#taken >= this.#options.size) await this.#nextFree(signal);
    if (this.#closed) throw new BoxError('CANCELLED', 'the image store is closing');
    this.#taken += 1;
  }

  #nextFree(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(wake), 1);
        reject(signal.reason as Error);
      };
      const wake = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      this.#waiters.push(wake);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #takeWorker(): WorkerProcess {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      clearTimeout(idle.timer);
      if (!idle.worker.usable) continue;
      idle.worker.keepParentAlive(true);
      return idle.worker;
    }
    return new WorkerProcess(this.#options);
  }

  #park(worker: WorkerProcess): void {
    if (this.#closed || !worker.usable) return;
    const timer = setTimeout(() => {
      const at = this.#idle.findIndex((idle) => idle.worker === worker);
      if (at >= 0) this.#idle.splice(at, 1);
      void worker.kill();
    }, this.#options.idleMs ?? 10_000);
    timer.unref();
    worker.keepParentAlive(false);
    this.#idle.push({ worker, timer });
  }
}
