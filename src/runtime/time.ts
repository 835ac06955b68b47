/** Clocks and waiting. */
import type { Nanos } from './model.ts';

export const NANOS_PER_MILLI = 1_000_000n;

/** Wall-clock nanoseconds as CRI wants them (int64, here a decimal string). Date has milliseconds; the rest is zero. */
export function nowNanos(): Nanos {
  return (BigInt(Date.now()) * NANOS_PER_MILLI).toString();
}

/** Milliseconds between two CLOCK_MONOTONIC readings, to the microsecond. */
export function millisBetween(from: bigint, to: bigint): number {
  return Number((to - from) / 1000n) / 1000;
}

/** What Node's timers can hold, 24.8 days; anything longer would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A wait of `seconds`, and `slackMs` more, as a timer takes it. */
export function timerMillis(seconds: number, slackMs = 0): number {
  return Math.min(seconds * 1000 + slackMs, LONGEST_TIMER_MS);
}

/** True as soon as `promise` resolves, false if it has not after `ms` milliseconds; rejects if it does. */
export async function settlesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), ms);
  try {
    return await Promise.race([promise.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Both results, or the first failure, but only when both have settled: what follows, an undo say, must not race with a step still under way. */
export async function settleBoth<A, B>(first: Promise<A>, second: Promise<B>): Promise<readonly [A, B]> {
  await Promise.allSettled([first, second]);
  return [await first, await second];
}

/** Resolves when `result` is there, whatever it is, or when the signal fires. */
export function settled(result: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    result.then(
      () => resolve(),
      () => resolve(),
    );
  });
}
