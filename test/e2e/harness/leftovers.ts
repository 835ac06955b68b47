/** What a daemon with these folders would have left on the host. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { NETNS_DIR, netnsMark } from '../../../src/runtime/paths.ts';
import { listFolder } from '../../../src/runtime/store/folder.ts';
import type { Folders } from './daemon.ts';

/** Shims, mounts, namespaces, network records, addresses, sandbox folders and sockets, one line each; empty if nothing is left. */
export async function leftovers(folders: Folders): Promise<readonly string[]> {
  const mark = netnsMark(folders.root, folders.state);
  const namespaces = (await listFolder(NETNS_DIR)).filter((name) => name.startsWith(mark));
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .filter((line) => line.includes(folders.base));
  return [
    ...(await shims(folders)).map(({ pid, sandbox }) => `shim ${pid} of ${sandbox}`),
    ...mounts.map((line) => `mount ${line}`),
    ...namespaces.map((name) => `netns ${name}`),
    ...(await listFolder(`${folders.root}/network/attachments`)).map((name) => `network record ${name}`),
    ...(await leases(folders)).map((name) => `address ${name}`),
    ...(await listFolder(`${folders.root}/sandboxes`)).map((name) => `sandbox folder ${name}`),
    ...(await listFolder(`${folders.state}/s`)).map((name) => `run folder ${name}`),
    ...(await listFolder(`${folders.root}/ingest`)).map((name) => `half a blob ${name}`),
  ];
}

/** Addresses that the networks have not got back. */
export async function leases(folders: Folders): Promise<readonly string[]> {
  const ipam = `${folders.root}/network/ipam`;
  const names = await Promise.all((await listFolder(ipam)).map((network) => listFolder(`${ipam}/${network}`)));
  return names.flat().filter((name) => name !== 'lock' && !name.startsWith('last_reserved_ip'));
}

export interface FoundShim {
  readonly pid: number;
  readonly sandbox: string;
}

/** The shims of this daemon: processes that hold a file below its folders open and were started with shim.cjs. */
export async function shims(folders: Folders): Promise<readonly FoundShim[]> {
  const found: FoundShim[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const sandbox = await sandboxOf(Number(name), folders);
    if (sandbox !== undefined) found.push({ pid: Number(name), sandbox });
  }
  return found;
}

/** A process may end while it is looked at: then it is no leftover. */
async function sandboxOf(pid: number, folders: Folders): Promise<string | undefined> {
  try {
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    const script = words.findIndex((word) => basename(word) === 'shim.cjs');
    if (script < 0) return undefined;
    const sandbox = words[script + 1];
    const out = await readlink(`/proc/${pid}/fd/1`);
    return out.startsWith(folders.base) ? sandbox : undefined;
  } catch {
    return undefined;
  }
}
