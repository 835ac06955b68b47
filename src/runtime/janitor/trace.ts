/** What a daemon leaves on its host, by its mark: what belongs to no sandbox is a leftover, and goes. */
import { messageOf } from '../../errors.ts';
import type { Log } from '../log.ts';

export interface Trace {
  readonly kind:
    | 'shim'
    | 'run folder'
    | 'network record'
    | 'network namespace'
    | 'address'
    | 'cgroup'
    | 'sandbox folder';
  /** Which one, for people: a path, a pid, a name. */
  readonly name: string;
  /** Short id of the sandbox it is of. */
  readonly owner: string;
  /** False if there was nothing left to remove, or not yet. */
  remove(): Promise<boolean>;
}

/**
 * Those that are of none of the known sandboxes (short ids), in the order in which they can be removed. A sandbox among the known
 * that has ended has everything but a shim: it never gets one again.
 */
export function leftovers(
  traces: readonly Trace[],
  known: ReadonlySet<string>,
  ended: ReadonlySet<string>,
): readonly Trace[] {
  return traces.filter(({ kind, owner }) => !known.has(owner) || (kind === 'shim' && ended.has(owner)));
}

/**
 * Removes each on its own, with a line in the log: one that fails does not stop the others, and one that hangs only those of the
 * same sandbox. Returns those that are still there.
 */
export async function sweep(found: readonly Trace[], log: Log): Promise<readonly Trace[]> {
  const owners = [...Map.groupBy(found, ({ owner }) => owner).values()];
  return (await Promise.all(owners.map((own) => sweepOwner(own, log)))).flat();
}

async function sweepOwner(found: readonly Trace[], log: Log): Promise<readonly Trace[]> {
  const failed: Trace[] = [];
  for (const trace of found) {
    const { kind, name } = trace;
    try {
      if (await trace.remove()) log.warn({ kind, name }, 'leftover removed');
    } catch (error) {
      failed.push(trace);
      log.error({ kind, name, error: messageOf(error) }, 'leftover not removed: the next start tries again');
    }
  }
  return failed;
}
