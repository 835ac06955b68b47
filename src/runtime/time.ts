/** Wall-clock nanoseconds as CRI wants them (int64, here a decimal string). Date has milliseconds; the rest is zero. */
import type { Nanos } from './model.ts';

const NANOS_PER_MILLI = 1_000_000n;

export function nowNanos(): Nanos {
  return (BigInt(Date.now()) * NANOS_PER_MILLI).toString();
}

/** Milliseconds between two CLOCK_MONOTONIC readings, to the microsecond. */
export function millisBetween(from: bigint, to: bigint): number {
  return Number((to - from) / 1000n) / 1000;
}
