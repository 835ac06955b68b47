/**
 * host-local's store of addresses (containernetworking/plugins, plugins/ipam/host-local/backend/disk): a folder per network, in it
 * a file per address whose first line is its owner's id.
 */
import { join } from 'node:path';
import { hostCommand } from '../host/host-command.ts';
import { exists, listFolder, readIfThere } from '../store/folder.ts';
import { type CniPlugin, ipamOf, type NetworkList } from './cni/network-list.ts';

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

/** Who holds an address of a network. */
export async function leaseholders(dataDir: string, network: string): Promise<readonly string[]> {
  const dir = join(dataDir, network);
  const leases = (await listFolder(dir)).filter((name) => /^[0-9a-f]+[.:]/.test(name));
  const owners = await Promise.all(leases.map((name) => ownerOf(join(dir, name))));
  return [...new Set(owners.filter((owner) => owner !== ''))];
}

/** '' if the address has just been freed. */
async function ownerOf(lease: string): Promise<string> {
  const [owner = ''] = (await readIfThere(lease)).split(/\s/, 1);
  return owner;
}

function dataDirOf(plugin: CniPlugin): readonly string[] {
  const ipam = ipamOf(plugin);
  if (ipam?.type !== 'host-local') return [];
  const { dataDir } = ipam;
  return [typeof dataDir === 'string' && dataDir !== '' ? dataDir : DEFAULT_DATA_DIR];
}
