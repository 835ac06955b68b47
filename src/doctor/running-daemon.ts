/** The daemon as the doctor asks it: is it there, is it well, and which sandboxes does it know? */
import { credentials } from '@grpc/grpc-js';
import { z } from 'zod';
import type { StatusResponse__Output } from '../cri/generated/runtime/v1/StatusResponse.ts';
import { loadCriProto } from '../cri/load-proto.ts';
import { FolderLock } from '../daemon/lock.ts';
import { isBoxError } from '../errors.ts';
import { exists } from '../runtime/store/folder.ts';

const DEADLINE_MS = 30_000;
const configSchema = z.object({ sandboxIds: z.array(z.string()) });

export interface DaemonAnswer {
  /** Conditions that are not met. */
  readonly problems: readonly string[];
  /** Every sandbox it has or is making. */
  readonly sandboxIds: readonly string[];
}

/**
 * Tells `work` whether a daemon has these folders. If none has and `hold` is set, none can start until the work is done; without
 * it nobody is kept from starting.
 */
export async function whileDaemonIsKnown<T>(
  folders: readonly string[],
  hold: boolean,
  work: (runs: boolean) => Promise<T>,
): Promise<T> {
  const there: string[] = [];
  for (const folder of folders) if (await exists(folder)) there.push(folder);
  if (!hold) return work((await Promise.all(there.map((folder) => FolderLock.isHeld(folder)))).includes(true));
  const locks: FolderLock[] = [];
  try {
    const runs = !(await takeAll(there, locks));
    if (runs) for (const lock of locks.splice(0)) await lock.release();
    return await work(runs);
  } finally {
    for (const lock of locks) await lock.release();
  }
}

/** False if somebody holds one of them; those before it are in `locks` then. */
async function takeAll(folders: readonly string[], locks: FolderLock[]): Promise<boolean> {
  try {
    for (const folder of folders) locks.push(await FolderLock.take(folder));
    return true;
  } catch (error) {
    if (isBoxError(error, 'SOCKET_TAKEN')) return false;
    throw error;
  }
}

/** Rejects if nobody answers on the socket in time. */
export async function askDaemon(socket: string): Promise<DaemonAnswer> {
  const { RuntimeService } = loadCriProto();
  const client = new RuntimeService(`unix:${socket}`, credentials.createInsecure(), {
    'grpc.default_authority': 'localhost',
  });
  try {
    const { status, info } = await new Promise<StatusResponse__Output>((resolve, reject) => {
      client.status({ verbose: true }, { deadline: Date.now() + DEADLINE_MS }, (error, reply) => {
        if (error !== null) reject(error);
        else if (reply === undefined) reject(new TypeError('neither an error nor an answer'));
        else resolve(reply);
      });
    });
    const unmet = (status?.conditions ?? []).filter((condition) => !condition.status);
    const { sandboxIds } = configSchema.parse(JSON.parse(info['config'] ?? '{}'));
    return { problems: unmet.map(({ type, message }) => `not ${type}: ${message}`), sandboxIds };
  } finally {
    client.close();
  }
}
