/**
 * Groups as systemd's: below a slice each sandbox has a transient scope, so that systemd knows of it and keeps its limits whenever it
 * applies the slice's anew. What lies below no slice is a folder all the same, for that is not systemd's.
 *
 * INVARIANTS
 * - A scope has come to be when its first process is in it, and systemd removes it with its last one.
 * - Only systemd writes a scope's limits; the folder is only looked at, and removed if systemd has not done so.
 */
import { callSystemd, joinStart } from '../host/systemd.ts';
import { failing } from './cgroup-failed.ts';
import type { CgroupFolders, FoundCgroup } from './cgroup-folders.ts';
import { type CgroupPlace, type Scope, scopeOf } from './cgroup-path.ts';
import type { Cgroups, Enter } from './cgroups.ts';
import type { CgroupLimits } from './limits.ts';
import type { OomWatch } from './oom-watch.ts';
import { busctlArray, limitProperties, scopeProperties } from './scope-properties.ts';

/** Where pods lie that have no parent, and would lie below the root: there systemd hands down what its own units need, no more. */
const DEFAULT_SLICE = 'a3sbox.slice';
/** What the doctor says on a failure. */
const ANSWERS = 'whether systemd answers here';

export class SystemdScopes implements Cgroups {
  readonly driver = 'systemd';
  readonly #folders: CgroupFolders;

  constructor(folders: CgroupFolders) {
    this.#folders = folders;
  }

  async create(place: CgroupPlace, limits: CgroupLimits): Promise<Enter> {
    const scope = scopeOf(placed(place));
    return scope === undefined ? this.#folders.create(place, limits) : (pid) => start(scope, limits, pid);
  }

  async limit(place: CgroupPlace, limits: CgroupLimits): Promise<void> {
    const scope = scopeOf(placed(place));
    if (scope === undefined) return this.#folders.limit(place, limits);
    const properties = limitProperties(limits);
    if (properties.length === 0) return;
    await failing(`cannot set the limits of ${scope.unit}`, ANSWERS, () =>
      // true: until the next boot, as the scope itself
      callSystemd('SetUnitProperties', 'sba(sv)', scope.unit, 'true', ...busctlArray(properties)),
    );
  }

  async remove(place: CgroupPlace): Promise<void> {
    await this.#folders.remove(placed(place));
  }

  watchOom(place: CgroupPlace): OomWatch {
    return this.#folders.watchOom(placed(place));
  }

  async find(mark: string): Promise<readonly FoundCgroup[]> {
    return this.#folders.find(mark);
  }
}

function placed(place: CgroupPlace): CgroupPlace {
  return place.parent === '' ? { ...place, parent: DEFAULT_SLICE } : place;
}

async function start(scope: Scope, limits: CgroupLimits, pid: number): Promise<void> {
  const properties = busctlArray(scopeProperties(scope, limits, pid));
  await failing(`cannot make ${scope.unit} in ${scope.slice} for process ${pid}`, ANSWERS, async () => {
    // only queues a job: the next call joins it, and ends when it does
    await callSystemd('StartTransientUnit', 'ssa(sv)a(sa(sv))', scope.unit, 'fail', ...properties, '0');
    await joinStart(scope.unit);
  });
}
