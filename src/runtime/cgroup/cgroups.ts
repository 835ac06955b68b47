/** The host's side of a pod's limits: each sandbox's VMM runs in a group of its own, below the pod's. */

import { readFile } from 'node:fs/promises';
import { exists } from '../store/folder.ts';
import { CgroupFolders, type FoundCgroup } from './cgroup-folders.ts';
import type { CgroupPlace } from './cgroup-path.ts';
import { parseHierarchy } from './hierarchy.ts';
import type { CgroupLimits } from './limits.ts';

/** In whose words kubelet names pods' groups; `none`: sandboxes have no groups. */
export type CgroupDriver = 'cgroupfs' | 'systemd' | 'none';

export interface Cgroups {
  readonly driver: CgroupDriver;
  /** Makes the group with these limits; CGROUP_FAILED says what the host refused. */
  create(place: CgroupPlace, limits: CgroupLimits): Promise<void>;
  /** Moves a process into it. */
  join(place: CgroupPlace, pid: number): Promise<void>;
  /** Sets the limits that are given. */
  limit(place: CgroupPlace, limits: CgroupLimits): Promise<void>;
  /** Removes it once its last process is gone; fine if it is gone itself. */
  remove(place: CgroupPlace): Promise<void>;
  /** How many of its processes the kernel has killed for want of memory. */
  oomKills(place: CgroupPlace): Promise<number>;
  /** All groups whose names begin with the mark, wherever they lie. */
  find(mark: string): Promise<readonly FoundCgroup[]>;
}

/**
 * `auto`: systemd where it runs the host (sd_booted(3)), for kubelet then has it make the pods' slices. The sandboxes' own groups
 * are always made in the file system, below the pod's: systemd does not know of them, and may take back what a slice hands down.
 */
export async function openCgroups(wanted: CgroupDriver | 'auto'): Promise<Cgroups> {
  const driver = wanted === 'auto' ? ((await exists('/run/systemd/system')) ? 'systemd' : 'cgroupfs') : wanted;
  if (driver === 'none') return NO_CGROUPS;
  return new CgroupFolders(driver, parseHierarchy(await readFile('/proc/self/mountinfo', 'utf8')));
}

const NO_CGROUPS: Cgroups = {
  driver: 'none',
  create: async () => undefined,
  join: async () => undefined,
  limit: async () => undefined,
  remove: async () => undefined,
  oomKills: async () => 0,
  find: async () => [],
};
