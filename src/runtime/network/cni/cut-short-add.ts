/**
 * What an ADD that was cut short has left running. A plugin dies with the daemon, and with its group when it is late, but what it
 * has started may not: fork clears the signal of the parent's death (prctl(2)), and a process can leave its group. It would go on
 * and take an address, after the DEL that was to free it.
 *
 * Such a process is known by its environment: a plugin's children have the plugin's, and so has the plugin itself.
 */
import { readdir, readFile } from 'node:fs/promises';
import { errnoOf } from '../../../errors.ts';
import { identify, killExactly, type ShimIdentity } from '../../../shim/identity.ts';
import { doesNotEnd, findProcesses, unlessGone } from '../../host/processes.ts';
import { comesTrue } from '../../time.ts';

const KILL_LIMIT_MS = 10_000;

/**
 * Kills them and returns when they are gone; their pids. DEADLINE if one does not end: it may yet do what it was about to, and so
 * DEL is not to be sent.
 */
export async function endCutShortAdd(containerId: string, limitMs = KILL_LIMIT_MS): Promise<readonly number[]> {
  const killed = new Map<number, ShimIdentity>();
  let left: readonly ShimIdentity[] = [];
  // one that forks while the others are looked at is found the next time
  const noneLeft = async (): Promise<boolean> => {
    const found = await processesOf(containerId);
    for (const identity of found) if (killExactly(identity)) killed.set(identity.pid, identity);
    const running = await Promise.all([...killed.values()].map(async (each) => ((await hasEnded(each)) ? [] : [each])));
    left = [...found, ...running.flat()];
    return left.length === 0;
  };
  if ((await noneLeft()) || (await comesTrue(noneLeft, limitMs))) return [...killed.keys()];
  throw doesNotEnd(`CNI's ADD for sandbox ${containerId}`, left[0]?.pid);
}

async function processesOf(containerId: string): Promise<readonly ShimIdentity[]> {
  const marks = ['CNI_COMMAND=ADD', `CNI_CONTAINERID=${containerId}`];
  const isMarked = async (pid: number): Promise<boolean> => {
    const environment = await environmentOf(pid);
    return marks.every((mark) => environment.includes(mark));
  };
  return findProcesses(async (pid) => {
    if (!(await isMarked(pid))) return undefined;
    const identity = identify(pid);
    // asked again now that it is known which one it is: the first may have ended, and its pid be another's
    return (await isMarked(pid)) ? identity : undefined;
  });
}

/** Empty for a process that has ended or is the kernel's. One that root may not look at is none that root's daemon has started. */
async function environmentOf(pid: number): Promise<readonly string[]> {
  try {
    return (await readFile(`/proc/${pid}/environ`, 'latin1')).split('\0');
  } catch (error) {
    if (errnoOf(error) === 'EACCES' || errnoOf(error) === 'EPERM') return [];
    throw error;
  }
}

/** With all its threads: while the first is a zombie another may still be writing. */
async function hasEnded({ pid, startTime }: ShimIdentity): Promise<boolean> {
  const now = identify(pid);
  if (now !== undefined) return now.startTime !== startTime;
  return ((await unlessGone(readdir(`/proc/${pid}/task`))) ?? []).length <= 1;
}
