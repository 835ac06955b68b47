/** Which cgroups this host has, from the kernel's own table (proc_pid_mountinfo(5), cgroups(7)). Pure. */
import { unescapeField } from '../share/mount-table.ts';

export type Hierarchy =
  | { readonly version: 2; readonly root: string }
  /** By controller; several may lie in one place. */
  | { readonly version: 1; readonly roots: Readonly<Partial<Record<Controller, string>>> };

/** What a sandbox's group is for: the pod's limits, and numbers of what it uses. */
const CONTROLLERS = ['cpu', 'cpuacct', 'memory', 'pids', 'blkio'] as const;
export type Controller = (typeof CONTROLLERS)[number];

/** Undefined if none is mounted. In a hybrid setup the controllers are version 1's. */
export function parseHierarchy(mountinfo: string): Hierarchy | undefined {
  const mounts = mountinfo.split('\n').map((line) => {
    const [before = '', after = ''] = line.split(' - ', 2);
    const [kind = '', , options = ''] = after.split(' ');
    return { kind, point: unescapeField(before.split(' ')[4] ?? ''), options: options.split(',') };
  });
  const roots: Partial<Record<Controller, string>> = {};
  for (const controller of CONTROLLERS) {
    const found = mounts.find(({ kind, options }) => kind === 'cgroup' && options.includes(controller));
    if (found !== undefined) roots[controller] = found.point;
  }
  if (roots.memory !== undefined || roots.cpu !== undefined) return { version: 1, roots };
  const unified = mounts.find(({ kind }) => kind === 'cgroup2');
  return unified === undefined ? undefined : { version: 2, root: unified.point };
}

/** Every place where a sandbox has a group. */
export function rootsOf(hierarchy: Hierarchy): readonly string[] {
  return hierarchy.version === 2 ? [hierarchy.root] : [...new Set(Object.values(hierarchy.roots))];
}
