/** Clocks and waiting. */
import { setTimeout as delay } from 'node:timers/promises';
import { LONGEST_TIMER_MS } from '../longest-timer.ts';
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

/** Where nobody tells when it is so: asks again, each time after twice the pause. False if it is not after `ms` milliseconds. */
export async function comesTrue(ask: () => Promise<boolean>, ms: number): Promise<boolean> {
  for (let pause = 1; pause <= ms / 2; pause *= 2) {
    await delay(pause);
    if (await ask()) return true;
  }
  return false;
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
