/** The run folder of a sandbox as another daemon left it: which shim is in it, and how all of it goes. */
import { closeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { errnoOf, isBoxError } from '../../errors.ts';
import { isAlive, type ShimIdentity, shimIdentitySchema } from '../../shim/identity.ts';
import type { RunPaths } from '../paths.ts';
import { readRecord } from '../store/record-file.ts';
import { ConsoleRing, openConsoleOf } from './console-ring.ts';
import { endShim } from './end-shim.ts';
import { shimProcesses } from './shim-processes.ts';

export interface FoundShim {
  readonly identity: ShimIdentity;
  readonly console: ConsoleRing;
}

/** The shim that runs here; undefined if there is none. What cannot be read for another reason says nothing of it, and is thrown. */
export async function findShim(paths: RunPaths): Promise<FoundShim | undefined> {
  const identity = await shimOnRecord(paths);
  if (identity === undefined || !isAlive(identity)) return undefined;
  const console = openConsoleOf(identity.pid);
  if (console === undefined) return undefined;
  if (isAlive(identity)) return { identity, console: ConsoleRing.read(console, paths.consoleTail) };
  closeSync(console);
  return undefined;
}

/** A record that says nothing leaves the process itself to tell whose it is. */
async function shimOnRecord(paths: RunPaths): Promise<ShimIdentity | undefined> {
  try {
    return await readRecord(paths.shimRecord, shimIdentitySchema);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    if (!isBoxError(error, 'RECORD_INVALID')) throw error;
    const running = await shimProcesses(dirname(paths.run));
    return running.find(({ folder }) => folder === basename(paths.run))?.identity;
  }
}

/** Deletes the sockets and the shim's record; repeatable. A shim that still lives is killed first; DEADLINE if it does not end. */
export async function discardRun(paths: RunPaths): Promise<void> {
  const shim = await findShim(paths);
  if (shim !== undefined) await endFound(shim);
  await rm(paths.run, { recursive: true, force: true });
}

async function endFound({ identity, console }: FoundShim): Promise<void> {
  try {
    await endShim(identity, console.ended);
  } finally {
    console.close();
  }
}
