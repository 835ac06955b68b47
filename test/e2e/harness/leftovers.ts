/** What a daemon with these folders would have left on the host. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { openCgroups } from '../../../src/runtime/cgroup/cgroups.ts';
import { hostMark, NETNS_DIR, sandboxesDir, sandboxPaths, shortId } from '../../../src/runtime/paths.ts';
import { volumeNames } from '../../../src/runtime/share/volumes.ts';
import { listFolder } from '../../../src/runtime/store/folder.ts';
import type { Folders } from './daemon.ts';
import { run } from './run.ts';

/**
 * Shims, mounts, namespaces, cgroups, network records, addresses, firewall rules, sandbox folders and sockets, one line
 * each; empty if nothing is left. What belongs to a sandbox has its id in its line, or the short one.
 */
export async function leftovers(folders: Folders): Promise<readonly string[]> {
  const mark = hostMark(folders.root, folders.state);
  const namespaces = (await listFolder(NETNS_DIR)).filter((name) => name.startsWith(mark));
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .filter((line) => line.includes(folders.base));
  return [
    ...(await shims(folders)).map(({ pid, sandbox }) => `shim ${pid} of ${sandbox}`),
    ...mounts.map((line) => `mount ${line}`),
    ...namespaces.map((name) => `netns ${name}`),
    ...(await (await openCgroups('cgroupfs')).find(mark)).flatMap(({ paths }) => paths.map((path) => `cgroup ${path}`)),
    ...(await listFolder(`${folders.root}/network/attachments`)).map((name) => `network record ${name}`),
    ...(await leases(folders)).map((name) => `address ${name}`),
    ...(await rules()).map((rule) => `firewall ${rule}`),
    ...(await listFolder(`${folders.root}/sandboxes`)).map((name) => `sandbox folder ${name}`),
    ...(await listFolder(`${folders.state}/s`)).map((name) => `run folder ${name}`),
    ...(await listFolder(`${folders.root}/ingest`)).map((name) => `half a blob ${name}`),
  ];
}

/** The VMM's process of a pod. */
export async function vmmOf(folders: Folders, podId: string): Promise<number> {
  const found = (await shims(folders)).find(({ sandbox }) => sandbox === podId);
  if (found === undefined) throw new Error(`pod ${podId} has no VMM`);
  return found.pid;
}

/** What belongs to none of these sandboxes and containers, while they are there. */
export async function strays(folders: Folders, owners: readonly string[]): Promise<readonly string[]> {
  const lines = [...(await leftovers(folders)), ...(await containerFiles(folders))];
  return lines.filter((line) => !owners.some((id) => line.includes(shortId(id))));
}

/** Volumes and files of containers, in the folders of all sandboxes; the container's id is in each line. */
async function containerFiles({ root, state }: Folders): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const id of await listFolder(sandboxesDir(root))) {
    const paths = sandboxPaths(root, state, id);
    lines.push(...(await volumeNames(paths)).map((name) => `volume ${name}`));
    lines.push(...(await listFolder(paths.containers)).map((name) => `container file ${name}`));
  }
  return lines;
}

/** Addresses that the networks have not got back, and whose they are. */
async function leases({ root }: Folders): Promise<readonly string[]> {
  const ipam = join(root, 'network', 'ipam');
  const found: string[] = [];
  for (const network of await listFolder(ipam)) {
    for (const name of await listFolder(join(ipam, network))) {
      if (name === 'lock' || name.startsWith('last_reserved_ip')) continue;
      found.push(`${name} of ${(await readFile(join(ipam, network, name), 'utf8')).trim()}`);
    }
  }
  return found;
}

/** Masquerading and host ports: CNI's plugins write the sandbox's id into a comment. */
async function rules(): Promise<readonly string[]> {
  const saved = await Promise.all(['iptables-save', 'ip6tables-save'].map((tool) => run(tool, ['--table', 'nat'])));
  return saved.flatMap(({ stdout }) => stdout.split('\n').filter((line) => /id: \\?"/.test(line)));
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
