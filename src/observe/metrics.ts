/** prom-client behind our own words, so that swapping it (it is deprecated in favour of its successor) is this file. */
import { Gauge, Histogram, Registry } from 'prom-client';

/** Seconds; from a list answered from memory to a pull that takes minutes. */
const BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];

export interface CallMetrics {
  observe(method: string, code: string, seconds: number): void;
}

export class Metrics implements CallMetrics {
  readonly #registry = new Registry();
  readonly #calls = new Histogram({
    name: 'a3s_box_cri_call_duration_seconds',
    help: 'Duration of CRI calls by method and gRPC status code.',
    labelNames: ['method', 'code'],
    buckets: BUCKETS,
    registers: [this.#registry],
  });

  observe(method: string, code: string, seconds: number): void {
    this.#calls.observe({ method, code }, seconds);
  }

  /** A number that is read when somebody asks for the metrics. */
  gauge(name: string, help: string, read: () => number): void {
    const registers = [this.#registry];
    const gauge: Gauge = new Gauge({ name, help, registers, collect: () => gauge.set(read()) });
  }

  /** The exposition format (text version 0.0.4). */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
