/** Groups as folders of the cgroup file systems, of version 1 and 2. */
import { watch } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BoxError, errnoOf } from '../../errors.ts';
import { readIfThere } from '../store/folder.ts';
import { comesTrue } from '../time.ts';
import { failing } from './cgroup-failed.ts';
import type { CgroupPlace } from './cgroup-path.ts';
import { groupPath } from './cgroup-path.ts';
import type { Cgroups, Enter } from './cgroups.ts';
import { type Hierarchy, rootsOf } from './hierarchy.ts';
import { type CgroupLimits, limitFiles } from './limits.ts';
import { NO_OOM, OomFile, type OomWatch } from './oom-watch.ts';

/** Version 2 hands a controller down only where every group on the way says so. */
const HANDED_DOWN = ['cpu', 'memory', 'pids', 'io'];
/** A killed process leaves its group a moment after its files are closed. */
const EMPTY_LIMIT_MS = 10_000;
/** kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podX.slice and some room. */
const MAX_DEPTH = 8;
/** What the doctor says on a failure. */
const LACKS = "what this host's cgroups lack";

/** A group in all its places. */
export interface FoundCgroup {
  readonly name: string;
  readonly paths: readonly string[];
  remove(): Promise<void>;
}

export class CgroupFolders implements Cgroups {
  readonly driver = 'cgroupfs';
  readonly #found: Hierarchy | undefined;

  constructor(hierarchy: Hierarchy | undefined) {
    this.#found = hierarchy;
  }

  async create(place: CgroupPlace, limits: CgroupLimits): Promise<Enter> {
    await failing(`cannot make cgroup ${groupPath(place)}`, LACKS, async () => {
      for (const folder of this.#folders(place)) await mkdir(folder, { recursive: true });
    });
    await this.limit(place, limits);
    return (pid) => this.#enter(place, pid);
  }

  async #enter(place: CgroupPlace, pid: number): Promise<void> {
    await failing(`cannot move process ${pid} into cgroup ${groupPath(place)}`, LACKS, async () => {
      for (const folder of this.#folders(place)) await write(join(folder, 'cgroup.procs'), String(pid));
    });
  }

  async limit(place: CgroupPlace, limits: CgroupLimits): Promise<void> {
    const hierarchy = this.#hierarchy();
    const path = groupPath(place);
    // each time: below a slice systemd may have taken back what was handed down
    if (hierarchy.version === 2) {
      await failing(`cannot hand controllers down to cgroup ${path}`, LACKS, () => handDown(hierarchy.root, path));
    }
    for (const { controller, file, value } of limitFiles(hierarchy.version, limits)) {
      const root = hierarchy.version === 2 ? hierarchy.root : hierarchy.roots[controller];
      await failing(`cannot set ${file} = ${value} of cgroup ${path}`, LACKS, async () => {
        if (root === undefined) throw new BoxError('CGROUP_FAILED', `controller ${controller} is not mounted`);
        await write(join(root, path, file), value);
      });
    }
  }

  async remove(place: CgroupPlace): Promise<void> {
    // where there are none (any more), there is nothing to remove
    if (this.#found === undefined) return;
    for (const folder of this.#folders(place)) await removeGroup(folder, this.#found.version);
  }

  watchOom(place: CgroupPlace): OomWatch {
    const [root, file] =
      this.#found?.version === 2
        ? [this.#found.root, 'memory.events']
        : [this.#found?.roots.memory, 'memory.oom_control'];
    return root === undefined ? NO_OOM : new OomFile(join(root, groupPath(place), file));
  }

  async find(mark: string): Promise<readonly FoundCgroup[]> {
    if (this.#found === undefined) return [];
    const { version } = this.#found;
    const byName = new Map<string, string[]>();
    for (const root of rootsOf(this.#found)) {
      for (const path of await marked(root, mark, MAX_DEPTH)) {
        const name = basename(path, '.scope');
        byName.set(name, [...(byName.get(name) ?? []), path]);
      }
    }
    return [...byName].map(([name, paths]) => ({
      name,
      paths,
      remove: async () => {
        for (const path of paths) await removeGroup(path, version);
      },
    }));
  }

  #folders(place: CgroupPlace): readonly string[] {
    return rootsOf(this.#hierarchy()).map((root) => join(root, groupPath(place)));
  }

  #hierarchy(): Hierarchy {
    if (this.#found !== undefined) return this.#found;
    throw new BoxError(
      'CGROUP_FAILED',
      'no cgroup file system is mounted: mount cgroup2 at /sys/fs/cgroup, or set cgroup_driver = "none"',
    );
  }
}

/** Without O_CREAT, which cgroupfs answers with EACCES for a file it does not have. */
async function write(path: string, value: string): Promise<void> {
  await writeFile(path, value, { flag: 'r+' });
}

/** In every group on the way to the one at `path`. */
async function handDown(root: string, path: string): Promise<void> {
  let folder = root;
  for (const part of path.split('/')) {
    await handDownControllers(folder);
    folder = join(folder, part);
  }
}

/** As far as the group can: one that holds processes itself, or is gone, cannot, and then the limit that needs it says so. */
async function handDownControllers(folder: string): Promise<void> {
  const words = async (file: string): Promise<readonly string[]> =>
    (await readIfThere(join(folder, file))).trim().split(' ');
  const [there, handed] = [await words('cgroup.controllers'), await words('cgroup.subtree_control')];
  for (const controller of HANDED_DOWN) {
    if (!there.includes(controller) || handed.includes(controller)) continue;
    try {
      await write(join(folder, 'cgroup.subtree_control'), `+${controller}`);
    } catch (error) {
      if (errnoOf(error) !== 'EBUSY' && errnoOf(error) !== 'EOPNOTSUPP') throw error;
    }
  }
}

async function removeGroup(folder: string, version: Hierarchy['version']): Promise<void> {
  if (await removed(folder)) return;
  const gone = version === 2 ? await removedOnceEmpty(folder) : await removedAtLast(folder);
  if (!gone) {
    throw new BoxError('CGROUP_FAILED', `cgroup ${folder} still holds processes: it is removed at the next try`);
  }
}

async function removedOnceEmpty(folder: string): Promise<boolean> {
  await emptied(join(folder, 'cgroup.events'));
  return removed(folder);
}

/** Version 1 tells nobody when a group becomes empty: it can only be asked again, by rmdir. */
async function removedAtLast(folder: string): Promise<boolean> {
  return comesTrue(() => removed(folder), EMPTY_LIMIT_MS);
}

async function removed(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return true;
    if (errnoOf(error) === 'EBUSY') return false;
    throw error;
  }
}

/** Waits until no process is left: the kernel reports each change of cgroup.events (cgroups(7)). */
async function emptied(events: string): Promise<void> {
  const empty = Promise.withResolvers<void>();
  const look = async (): Promise<void> => {
    const text = await readFile(events, 'utf8').catch(() => '');
    if (!text.includes('populated 1')) empty.resolve();
  };
  const limit = setTimeout(() => empty.resolve(), EMPTY_LIMIT_MS);
  try {
    const watcher = watch(events, () => void look());
    watcher.on('error', () => empty.resolve());
    void look();
    await empty.promise.finally(() => watcher.close());
  } catch (error) {
    // the group is gone
    if (errnoOf(error) !== 'ENOENT') throw error;
  } finally {
    clearTimeout(limit);
  }
}

/** Groups below `folder` with the mark; theirs are not looked into. A group may go while it is looked at. */
async function marked(folder: string, mark: string, depth: number): Promise<readonly string[]> {
  if (depth === 0) return [];
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const entry of entries) {
    if (!entry.isDirectory()) continue;
    const path = join(folder, entry.name);
    if (entry.name.startsWith(mark)) found.push(path);
    else found.push(...(await marked(path, mark, depth - 1)));
  }
  return found;
}
