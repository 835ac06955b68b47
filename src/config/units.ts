/** Sizes and durations as people write them. */
import { z } from 'zod';
import { LONGEST_TIMER_MS } from '../longest-timer.ts';

const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};
const TIME_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

/** `10GiB` → bytes. */
export const sizeSchema = z
  .string()
  .transform((text, context) => parse(text, SIZE_UNITS, 'a size such as 512MiB or 10GiB', context));

/** `30s` → milliseconds. */
export const durationSchema = z
  .string()
  .transform((text, context) => parse(text, TIME_UNITS, 'a duration such as 500ms, 30s or 2m', context))
  .refine((ms) => ms <= LONGEST_TIMER_MS, { error: 'must be at most 35791m (24 days): no timer is longer' });

function parse(
  text: string,
  units: Readonly<Record<string, number>>,
  wanted: string,
  context: z.RefinementCtx,
): number {
  const match = /^(\d{1,15})([a-zA-Z]*)$/.exec(text);
  const unit = match === null ? undefined : units[match[2] ?? ''];
  const value = unit === undefined ? Number.NaN : Number(match?.[1]) * unit;
  if (Number.isSafeInteger(value) && value > 0) return value;
  context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is not ${wanted}` });
  return z.NEVER;
}
