/** The host's side of a pod's limits: each sandbox's VMM runs in a group of its own, below the pod's. */
import { readFile } from 'node:fs/promises';
import { isSystemdHost } from '../host/systemd.ts';
import { CgroupFolders, type FoundCgroup } from './cgroup-folders.ts';
import type { CgroupPlace } from './cgroup-path.ts';
import { parseHierarchy } from './hierarchy.ts';
import type { CgroupLimits } from './limits.ts';
import { NO_OOM, type OomWatch } from './oom-watch.ts';
import { SystemdScopes } from './systemd-scopes.ts';

/** Who makes the pods' groups, and in whose words kubelet names them; `none`: sandboxes have no groups. */
export type CgroupDriver = 'cgroupfs' | 'systemd' | 'none';

/** Moves a process into a group. */
export type Enter = (pid: number) => Promise<void>;

export interface Cgroups {
  readonly driver: CgroupDriver;
  /** Makes the group with these limits, with the first process in it at the latest; CGROUP_FAILED says what the host refused. */
  create(place: CgroupPlace, limits: CgroupLimits): Promise<Enter>;
  /** Sets the limits that are given. */
  limit(place: CgroupPlace, limits: CgroupLimits): Promise<void>;
  /** Removes it once its last process is gone; fine if it is gone itself. */
  remove(place: CgroupPlace): Promise<void>;
  /** Counts those of its processes that the kernel kills for want of memory, until it is ended. */
  watchOom(place: CgroupPlace): OomWatch;
  /** All groups whose names begin with the mark, wherever they lie. */
  find(mark: string): Promise<readonly FoundCgroup[]>;
}

/** `auto`: systemd where it runs the host (sd_booted(3)), for kubelet then has it make the pods' slices. */
export async function openCgroups(wanted: CgroupDriver | 'auto'): Promise<Cgroups> {
  const driver = wanted === 'auto' ? ((await isSystemdHost()) ? 'systemd' : 'cgroupfs') : wanted;
  if (driver === 'none') return NO_CGROUPS;
  const folders = new CgroupFolders(parseHierarchy(await readFile('/proc/self/mountinfo', 'utf8')));
  return driver === 'systemd' ? new SystemdScopes(folders) : folders;
}

const NO_CGROUPS: Cgroups = {
  driver: 'none',
  create: async () => async () => undefined,
  limit: async () => undefined,
  remove: async () => undefined,
  watchOom: () => NO_OOM,
  find: async () => [],
};
