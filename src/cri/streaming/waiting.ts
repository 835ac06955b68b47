/** Waiting for several things at once. */
import { BoxError } from '../../errors.ts';

/** Resolves when the signal fires. */
export function fired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Rejects with the signal's reason when it fires; never resolves. */
export async function aborted(signal: AbortSignal): Promise<never> {
  await fired(signal);
  throw signal.reason;
}

/** DEADLINE with the words of `late` if `promise` takes longer. */
export async function within<T>(milliseconds: number, late: () => string, promise: Promise<T>): Promise<T> {
  const deadline = Promise.withResolvers<never>();
  const timer = setTimeout(() => deadline.reject(new BoxError('DEADLINE', late())), milliseconds);
  try {
    return await Promise.race([promise, deadline.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** What `work` gave, when `reading` has ended too; a failure of reading explains all others. */
export async function bothEnded<T>(work: Promise<T>, reading: Promise<void>): Promise<T> {
  const [worked, read] = await Promise.allSettled([work, reading]);
  if (read.status === 'rejected') throw read.reason;
  if (worked.status === 'rejected') throw worked.reason;
  return worked.value;
}
