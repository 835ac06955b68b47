/**
 * A few layer workers, started when needed, reused, and ended when idle.
 *
 * A job lasts as long as its registry lets it: one that falls silent, or trickles, holds a worker for minutes. Neither time nor
 * silence tells such a job from a large layer behind a slow line, so nothing is taken from a job that runs; instead no registry gets
 * all workers, and the jobs that wait for one registry wait in a queue of their own.
 *
 * INVARIANTS
 * - At most `size` jobs run, and at most `perRegistry` of one registry; each is one worker. Waiters are served in order.
 * - `#idle` holds workers without a job, each with the timer that will end it; they do not keep the daemon alive.
 */
import { BoxError } from '../../errors.ts';
import { WorkQueue } from '../../work-queue.ts';
import type { LayerJob, LayerResult } from './protocol.ts';
import { type WorkerOptions, WorkerProcess, type WriteChunk } from './worker-process.ts';

export interface PoolOptions extends WorkerOptions {
  /** Jobs at once, of all registries: what workers may take of the host's memory. */
  readonly size: number;
  /** Jobs at once of one registry. */
  readonly perRegistry: number;
  /** How long a worker may wait for its next job. */
  readonly idleMs?: number;
}

/** Gives a worker the blob, to its last byte. */
export type Feed = (write: WriteChunk) => Promise<void>;

interface IdleWorker {
  readonly worker: WorkerProcess;
  readonly timer: NodeJS.Timeout;
}

export class LayerWorkerPool {
  readonly #options: PoolOptions;
  readonly #idle: IdleWorker[] = [];
  readonly #busy = new Set<WorkerProcess>();
  readonly #all: WorkQueue;
  readonly #registries = new Map<string, WorkQueue>();
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#all = new WorkQueue({ limit: options.size, doing: 'being fetched' });
  }

  /**
   * Runs one job, whose blob comes from `registry`. The signal only stops the wait for a worker; once running, `feed` is what an
   * abort must end. @throws what `feed` throws, or the worker's BoxError.
   */
  run(registry: string, job: LayerJob, feed: Feed, signal: AbortSignal): Promise<LayerResult> {
    return this.#queueOf(registry).run(signal, () => this.#all.run(signal, () => this.#convert(job, feed)));
  }

  /** Ends all workers; jobs that run fail. */
  async close(): Promise<void> {
    this.#closed = true;
    const idle = this.#idle.splice(0);
    for (const { timer } of idle) clearTimeout(timer);
    await Promise.all([...idle.map(({ worker }) => worker), ...this.#busy].map((worker) => worker.kill()));
  }

  /** References name any number of registries: queues that nobody is in are forgotten. */
  #queueOf(registry: string): WorkQueue {
    for (const [name, { running }] of this.#registries) if (running === 0) this.#registries.delete(name);
    const queue =
      this.#registries.get(registry) ??
      new WorkQueue({ limit: this.#options.perRegistry, doing: `being fetched from ${registry}` });
    this.#registries.set(registry, queue);
    return queue;
  }

  async #convert(job: LayerJob, feed: Feed): Promise<LayerResult> {
    if (this.#closed) throw new BoxError('CANCELLED', 'the image store is closing');
    const worker = this.#takeWorker();
    this.#busy.add(worker);
    try {
      const result = await worker.run(job, feed);
      this.#park(worker);
      return result;
    } finally {
      this.#busy.delete(worker);
    }
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
