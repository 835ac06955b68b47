/** Signal names as images and CRI write them. */
import { constants } from 'node:os';
import { BoxError } from '../../errors.ts';

/** signal(7) on x86-64 and arm64. */
const SIGRTMIN = 34;
const SIGRTMAX = 64;

/** `SIGTERM`, `TERM`, `15`, `SIGRTMIN+3`, `SIGRTMAX-1` → its number; INVALID_REQUEST for anything else. */
export function signalNumber(name: string): number {
  const upper = name.trim().toUpperCase();
  const full = upper.startsWith('SIG') ? upper : `SIG${upper}`;
  const number = /^\d+$/.test(upper) ? Number(upper) : (standard(full) ?? realTime(full));
  if (number === undefined || number < 1 || number > SIGRTMAX) {
    throw new BoxError('INVALID_REQUEST', `unknown signal ${JSON.stringify(name)}: see signal(7) for the names`);
  }
  return number;
}

function standard(name: string): number | undefined {
  const known: Readonly<Record<string, number>> = constants.signals;
  return Object.hasOwn(known, name) ? known[name] : undefined;
}

function realTime(name: string): number | undefined {
  const match = /^SIGRT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (match === null) return undefined;
  const offset = Number(match[3] ?? 0) * (match[2] === '-' ? -1 : 1);
  const number = (match[1] === 'MIN' ? SIGRTMIN : SIGRTMAX) + offset;
  return number >= SIGRTMIN && number <= SIGRTMAX ? number : undefined;
}
