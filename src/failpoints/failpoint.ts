/**
 * Failpoints: tests make a step of an operation fail, wait, or take the daemon down.
 *
 * INVARIANTS
 * - Only `enableFailpoints` turns them on, and only the start calls it, if the environment says so. Until then a failpoint is
 *   one comparison.
 * - A test arms a failpoint by moving a file of its name, with the action as content, into the folder; whoever comes to it
 *   first takes the file away, so it fires once.
 */
import { readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BoxError, errnoOf, messageOf } from '../errors.ts';
import { allFailpoints, type Failpoint } from './table.ts';

export const FAILPOINTS_VARIABLE = 'A3S_BOX_FAILPOINTS';

const DELAY = /^delay:(\d{1,7})$/;

let folder: string | undefined;

/** Turns failpoints on: `path` is the folder tests arm them in. CONFIG_INVALID if it is none, or holds a file that is no failpoint. */
export async function enableFailpoints(path: string): Promise<void> {
  await requireKnown(path);
  folder = path;
}

export function disableFailpoints(): void {
  folder = undefined;
}

/** To be awaited behind each step of an operation. */
export function failpoint(name: Failpoint): Promise<void> | undefined {
  return folder === undefined ? undefined : hit(folder, name);
}

async function hit(path: string, name: Failpoint): Promise<void> {
  await requireKnown(path);
  const action = await take(join(path, name));
  if (action === undefined) return;
  const ms = DELAY.exec(action)?.[1];
  if (ms !== undefined) await delay(Number(ms));
  else if (action === 'error') throw new BoxError('INTERNAL', `failpoint ${name}`);
  else if (action === 'crash') process.kill(process.pid, 'SIGKILL');
  else throw new BoxError('INTERNAL', `failpoint ${name} cannot do ${JSON.stringify(action)}`);
}

/** Undefined if it is not armed, or if somebody else was first. */
async function take(file: string): Promise<string | undefined> {
  try {
    const action = await readFile(file, 'utf8');
    await unlink(file);
    return action;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** A misspelt name would never fire, and its test prove nothing. */
async function requireKnown(path: string): Promise<void> {
  const known: readonly string[] = allFailpoints;
  try {
    const unknown = (await readdir(path)).filter((name) => !known.includes(name));
    if (unknown.length > 0) throw new Error(`${unknown.join(', ')} is no failpoint`);
  } catch (cause) {
    throw new BoxError('CONFIG_INVALID', `${FAILPOINTS_VARIABLE}=${path}: ${messageOf(cause)}`, { cause });
  }
}
