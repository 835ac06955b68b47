/**
 * host-local's store of addresses (containernetworking/plugins, plugins/ipam/host-local/backend/disk): a folder per network, in it
 * a file per address with its owner's id.
 */
import { join } from 'node:path';
import { hostCommand } from '../host/host-command.ts';
import { exists } from '../store/folder.ts';
import type { CniPlugin, NetworkList } from './cni/network-list.ts';

const DEFAULT_DATA_DIR = '/var/lib/cni/networks';
/** Longer than host-local holds its lock, unless it hangs. */
const LOCK_SECONDS = 5;

/**
 * Frees the addresses that nobody owns. host-local makes an address's file and then writes the owner into it: killed in between, it
 * leaves an empty one, which no DEL finds. Both happen under its lock, so an empty file that is seen under the lock is one of those,
 * whatever other runtimes do on the same network. HOST_COMMAND if the lock is not to be had.
 */
export async function freeOwnerless({ name, plugins }: NetworkList): Promise<void> {
  for (const dataDir of new Set(plugins.flatMap(dataDirOf))) {
    const dir = join(dataDir, name);
    const lock = join(dir, 'lock');
    if (!(await exists(lock))) continue;
    const empty = ['-maxdepth', '1', '-type', 'f', '-name', '[0-9a-f]*', '-empty'];
    await hostCommand('flock', ['--wait', String(LOCK_SECONDS), lock, 'find', dir, ...empty, '-delete']);
  }
}

function dataDirOf({ ipam }: CniPlugin): readonly string[] {
  if (typeof ipam !== 'object' || ipam === null || !('type' in ipam) || ipam.type !== 'host-local') return [];
  const dataDir = 'dataDir' in ipam ? ipam.dataDir : undefined;
  return [typeof dataDir === 'string' && dataDir !== '' ? dataDir : DEFAULT_DATA_DIR];
}
