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
 * it a starting daemon is not kept waiting.
 */
export async function whileDaemonIsKnown<T>(
  folders: readonly string[],
  hold: boolean,
  work: (runs: boolean) => Promise<T>,
): Promise<T> {
  const locks: FolderLock[] = [];
  const release = (): void => {
    for (const lock of locks.splice(0)) lock.release();
  };
  let runs = false;
  try {
    for (const folder of folders) if (await exists(folder)) locks.push(await FolderLock.take(folder));
  } catch (error) {
    if (!isBoxError(error, 'SOCKET_TAKEN')) throw error;
    runs = true;
  }
  if (runs || !hold) release();
  return work(runs).finally(release);
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
