/** int64 fields come as decimal strings (proto-loader `longs: String`); the runtime counts in numbers. */
import { BoxError } from '../../errors.ts';

/** Up to 2^53; beyond it a size would silently become another one. */
export function toNumber(value: string, field: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new BoxError('INVALID_REQUEST', `${field} ${value} is out of range`);
  return number;
}
