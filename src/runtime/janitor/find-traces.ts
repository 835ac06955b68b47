/** Everything on this host that carries the mark of the daemon with these folders. */
import { join } from 'node:path';
import { z } from 'zod';
import { errnoOf } from '../../errors.ts';
import type { Cgroups } from '../cgroup/cgroups.ts';
import type { PodNetwork } from '../network/pod-network.ts';
import { hostMark, ID_PATTERN, runFolders, runPaths, sandboxesDir, sandboxPaths, shortId } from '../paths.ts';
import { removeShares } from '../share/share.ts';
import { listFolder } from '../store/folder.ts';
import { readRecord } from '../store/record-file.ts';
import { discardRun } from '../vm/run-folder.ts';
import { findShims } from './find-shims.ts';
import type { Trace } from './trace.ts';

export interface TraceTools {
  readonly root: string;
  readonly state: string;
  readonly network: Pick<PodNetwork, 'traces'>;
  readonly cgroups: Pick<Cgroups, 'find'>;
}

const stateSchema = z.looseObject({ state: z.string() });

/** In the order in which they can be removed: processes before what they hold open. */
export async function findTraces({ root, state, network, cgroups }: TraceTools): Promise<readonly Trace[]> {
  return [
    ...(await findShims(state)),
    ...(await findRunFolders(state)),
    ...(await network.traces()),
    ...(await findCgroups(cgroups, hostMark(root, state))),
    ...(await findSandboxFolders(root, state)),
  ];
}

export interface SandboxIds {
  /** Those with a record, readable or not. */
  readonly recorded: readonly string[];
  /** Those among them that have ended. */
  readonly ended: readonly string[];
  /** Those without: they were never finished. */
  readonly unfinished: readonly string[];
}

/** Ids of the sandboxes that have a folder. */
export async function sandboxIds(root: string, state: string): Promise<SandboxIds> {
  const ids = (await listFolder(sandboxesDir(root))).filter((name) => ID_PATTERN.test(name));
  const states = await Promise.all(ids.map((id) => recordedState(sandboxPaths(root, state, id).record)));
  return {
    recorded: ids.filter((_, at) => states[at] !== undefined),
    ended: ids.filter((_, at) => states[at] === 'NOTREADY'),
    unfinished: ids.filter((_, at) => states[at] === undefined),
  };
}

/** Undefined if there is no record; one that cannot be read stands for a sandbox all the same. */
async function recordedState(path: string): Promise<string | undefined> {
  try {
    return (await readRecord(path, stateSchema)).state;
  } catch (error) {
    return errnoOf(error) === 'ENOENT' ? undefined : 'unknown';
  }
}

async function findRunFolders(state: string): Promise<readonly Trace[]> {
  return (await listFolder(runFolders(state))).map((name) => {
    const path = join(runFolders(state), name);
    return { kind: 'run folder', name: path, owner: name, remove: () => gone(() => discardRun(runPaths(path))) };
  });
}

async function findCgroups(cgroups: Pick<Cgroups, 'find'>, mark: string): Promise<readonly Trace[]> {
  return (await cgroups.find(mark)).map((found) => ({
    kind: 'cgroup',
    name: found.paths.join(', '),
    owner: found.name.slice(mark.length),
    remove: () => gone(() => found.remove()),
  }));
}

/** Mounts, scratch disk and shares of a sandbox that was never finished lie in its folder. */
async function findSandboxFolders(root: string, state: string): Promise<readonly Trace[]> {
  return (await sandboxIds(root, state)).unfinished.map((id) => {
    const paths = sandboxPaths(root, state, id);
    return {
      kind: 'sandbox folder',
      name: paths.dir,
      owner: shortId(id),
      remove: () => gone(() => removeShares(paths)),
    };
  });
}

async function gone(remove: () => Promise<void>): Promise<boolean> {
  await remove();
  return true;
}
