/** Which process a shim is: pid alone is reused by the kernel, pid + start time + boot id is not. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { errnoOf } from '../errors.ts';

/** Of the fields that `fieldsOf` gives. */
const FIRST_FIELD = 3;
/** In which Linux counts for user space, whatever its own clock (USER_HZ, time(7)). */
const TICKS_PER_SECOND = 100;

export const shimIdentitySchema = z.object({
  pid: z.number().int().positive(),
  /** Field 22 of /proc/PID/stat: clock ticks since boot (proc_pid_stat(5)). */
  startTime: z.string().regex(/^\d+$/),
  bootId: z.string(),
});
export type ShimIdentity = z.infer<typeof shimIdentitySchema>;

/** The identity of a running process, or undefined if there is none with this pid. */
export function identify(pid: number): ShimIdentity | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const startTime = startTimeOf(stat);
  return startTime === undefined ? undefined : { pid, startTime, bootId: bootId() };
}

/** True while exactly this process lives (a zombie does not). */
export function isAlive(identity: ShimIdentity): boolean {
  const now = identify(identity.pid);
  return now !== undefined && now.startTime === identity.startTime && now.bootId === identity.bootId;
}

/** Sends SIGKILL to exactly this process; false if it is gone. */
export function killExactly(identity: ShimIdentity): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(identity.pid, 'SIGKILL');
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ESRCH') return false;
    throw error;
  }
}

/** The start time in a stat line; undefined for a zombie. */
export function startTimeOf(stat: string): string | undefined {
  const fields = fieldsOf(stat);
  const [state] = fields;
  const startTime = fields[22 - FIRST_FIELD];
  return state === 'Z' || state === 'X' || startTime === undefined || startTime === '' ? undefined : startTime;
}

/** Seconds of processor time that a process has used, all of it and the part spent in a guest; undefined if it is gone. */
export function processorTime(pid: number): { readonly all: number; readonly guest: number } | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  return stat === undefined ? undefined : processorTimeOf(stat);
}

/** Fields 14, 15 and 43 of /proc/PID/stat; the time in a guest is part of the first (proc_pid_stat(5)). */
export function processorTimeOf(stat: string): { readonly all: number; readonly guest: number } {
  const fields = fieldsOf(stat);
  const seconds = (field: number): number => Number(fields[field - FIRST_FIELD]) / TICKS_PER_SECOND;
  return { all: seconds(14) + seconds(15), guest: seconds(43) };
}

/** The kernel's id of this boot. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** From field 3 on, the state: the command before it may hold spaces and brackets. */
function fieldsOf(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ESRCH') return undefined;
    throw error;
  }
}
