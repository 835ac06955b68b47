/** In which groups of the host a process is, and what they hold it to, whichever version of cgroups the host has. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Hierarchy, parseHierarchy } from '../../../src/runtime/cgroup/hierarchy.ts';

export interface HostLimits {
  /** Bytes. */
  readonly memory: string;
  /** Microseconds of a period, and the period. */
  readonly cpu: string;
}

export async function hostHierarchy(): Promise<Hierarchy> {
  const hierarchy = parseHierarchy(await readFile('/proc/self/mountinfo', 'utf8'));
  if (hierarchy === undefined) throw new Error('this host has no cgroups');
  return hierarchy;
}

/** Folders of its groups: one, or with version 1 one for each hierarchy in which the daemon makes groups. */
export async function groupsOf(pid: number): Promise<readonly string[]> {
  const hierarchy = await hostHierarchy();
  // hierarchy-ID:controller-list:path, cgroups(7)
  const lines = (await readFile(`/proc/${pid}/cgroup`, 'utf8')).trim().split('\n');
  const pathOf = (controller: string): string => {
    const found = lines.map((line) => line.split(':')).find(([, names]) => names?.split(',').includes(controller));
    if (found?.[2] === undefined) throw new Error(`process ${pid} is in no group of ${controller || 'version 2'}`);
    return found[2];
  };
  if (hierarchy.version === 2) return [join(hierarchy.root, pathOf(''))];
  return [...new Set(Object.entries(hierarchy.roots).map(([name, root]) => join(root, pathOf(name))))];
}

export async function hostLimits(pid: number): Promise<HostLimits> {
  const { version } = await hostHierarchy();
  const groups = await groupsOf(pid);
  const read = async (file: string): Promise<string> => {
    for (const group of groups) {
      const text = await readFile(join(group, file), 'utf8').catch(() => undefined);
      if (text !== undefined) return text.trim();
    }
    throw new Error(`no group of process ${pid} has ${file}`);
  };
  if (version === 2) return { memory: await read('memory.max'), cpu: await read('cpu.max') };
  const [memory, quota, period] = await Promise.all(
    ['memory.limit_in_bytes', 'cpu.cfs_quota_us', 'cpu.cfs_period_us'].map(read),
  );
  return { memory: String(memory), cpu: `${quota} ${period}` };
}
