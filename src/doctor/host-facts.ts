/** What the doctor looks at on a host, read in one go, so that the verdicts on it are pure. */
import { constants } from 'node:fs';
import { access, readFile, statfs } from 'node:fs/promises';
import { release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { messageOf } from '../errors.ts';
import { type Hierarchy, parseHierarchy, rootsOf } from '../runtime/cgroup/hierarchy.ts';
import { findExecutable } from '../runtime/host/executable.ts';
import { askSystemd, isSystemdHost } from '../runtime/host/systemd.ts';
import { loadNetwork } from '../runtime/network/cni/conf-dir.ts';
import { OWN_NETWORK_TOOL } from '../runtime/network/default-network.ts';
import { exists } from '../runtime/store/folder.ts';

export interface Disk {
  readonly path: string;
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly inodes: number;
  readonly freeInodes: number;
}

export interface HostFacts {
  readonly kernel: string;
  readonly now: Date;
  readonly clocksource: string;
  readonly tun: boolean;
  /** Of the programs that the daemon and the plugins of its own network run. */
  readonly missingTools: readonly string[];
  /** Whether the CNI folder holds a configuration, good or bad: then the daemon's own network is not used. */
  readonly hasCniConfig: boolean;
  readonly cgroups: Hierarchy | undefined;
  readonly cgroupsWritable: boolean;
  /** Why systemd, which runs this host, does not answer; '' if it does, undefined if it does not run the host. */
  readonly systemdProblem: string | undefined;
  /** Of version 2. */
  readonly controllers: readonly string[];
  readonly memoryMiB: number;
  /** vm.overcommit_memory */
  readonly overcommit: string;
  /** Kernel same-page merging. */
  readonly ksm: boolean;
  readonly openFiles: number;
  /** Whether mounts made on the host later reach the mount namespaces of VMMs. */
  readonly rootIsShared: boolean;
  readonly disk: Disk;
}

const TOOLS = [
  'ip',
  'tc',
  'nsenter',
  'unshare',
  'setpriv',
  'mount',
  'umount',
  'mkfs.ext4',
  'mkfifo',
  'truncate',
  'cp',
  'stat',
  'find',
  'flock',
];
/** They come with systemd; without it nobody calls them. */
export const SYSTEMD_TOOLS: readonly string[] = ['busctl', 'systemctl'];

/** The folders need not exist yet. */
export async function readHostFacts(root: string, cniConfDir: string): Promise<HostFacts> {
  const programs = [...TOOLS, OWN_NETWORK_TOOL, ...SYSTEMD_TOOLS];
  const cgroups = parseHierarchy(await text('/proc/self/mountinfo'));
  const there = await Promise.all(programs.map((tool) => findExecutable(tool)));
  const controllers = cgroups?.version === 2 ? await text(join(cgroups.root, 'cgroup.controllers')) : '';
  return {
    kernel: release(),
    now: new Date(),
    clocksource: (await text('/sys/devices/system/clocksource/clocksource0/current_clocksource')).trim(),
    tun: await exists('/dev/net/tun'),
    missingTools: programs.filter((_, at) => there[at] === undefined),
    hasCniConfig: await loadNetwork(cniConfDir).then(
      (list) => list !== undefined,
      () => true,
    ),
    cgroups,
    cgroupsWritable: cgroups !== undefined && (await allWritable(rootsOf(cgroups))),
    systemdProblem: (await isSystemdHost()) ? await askSystemd().then(() => '', messageOf) : undefined,
    controllers: controllers.trim().split(' '),
    memoryMiB: Math.floor(totalmem() / 1024 ** 2),
    overcommit: (await text('/proc/sys/vm/overcommit_memory')).trim(),
    ksm: (await text('/sys/kernel/mm/ksm/run')).trim() === '1',
    openFiles: Number(/^Max open files\s+(\d+)/m.exec(await text('/proc/self/limits'))?.[1] ?? 0),
    rootIsShared: /^\S+ \S+ \S+ \S+ \/ \S+ (?:\S+ )*shared:\d/m.test(await text('/proc/self/mountinfo')),
    disk: await diskOf(root),
  };
}

/** '' for what this kernel does not have. */
async function text(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

async function allWritable(paths: readonly string[]): Promise<boolean> {
  return (await Promise.all(paths.map(isWritable))).every(Boolean);
}

async function isWritable(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}

async function diskOf(root: string): Promise<Disk> {
  let path = root;
  while (!(await exists(path))) path = dirname(path);
  const { blocks, bavail, bsize, files, ffree } = await statfs(path);
  return { path, totalBytes: blocks * bsize, freeBytes: bavail * bsize, inodes: files, freeInodes: ffree };
}
