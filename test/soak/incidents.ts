/** What was killed, which calls failed, and which of the failures no kill explains. Times are milliseconds since the epoch. */
import { messageOf } from '../../src/errors.ts';

/** In the order in which the first of each is killed. */
export const VICTIMS = ['plugin', 'shim', 'daemon'] as const;
export type Victim = (typeof VICTIMS)[number];

export interface Kill {
  readonly victim: Victim;
  readonly at: number;
  /** When the next daemon served: Infinity until then. Of others the same as `at`. */
  readonly over: number;
  /** Whose VMM or plugin it was; '' if nobody's, as the daemon or a plugin that collects garbage. */
  readonly sandbox: string;
}

export interface Failure {
  readonly call: string;
  readonly pod: string;
  /** '' for a call that is of no sandbox; undefined for one that would have told the sandbox. */
  readonly sandbox: string | undefined;
  readonly from: number;
  readonly to: number;
  readonly words: string;
}

/** A client may need so long to see that there is a daemon again. */
const GRACE_MS = 10_000;
const IN_THE_VM: ReadonlySet<string> = new Set(['CreateContainer', 'StartContainer', 'ExecSync']);

/** The kill that a failure may come of. `told` are the sandboxes that a call has told of. */
export function explain(failure: Failure, kills: readonly Kill[], told: ReadonlySet<string>): Kill | undefined {
  return kills.find((kill) => failure.to >= kill.at && mayBeOf(failure, kill, told));
}

function mayBeOf({ call, from, sandbox }: Failure, kill: Kill, told: ReadonlySet<string>): boolean {
  if (kill.sandbox === '') return from <= kill.over + GRACE_MS;
  // a call that made a sandbox and failed has told nobody which
  if (sandbox === undefined ? told.has(kill.sandbox) : sandbox !== kill.sandbox) return false;
  // without its VM a pod can do nothing more but be stopped and removed
  return from <= kill.at || (kill.victim === 'shim' && IN_THE_VM.has(call));
}

/** INVARIANT: every call that was watched and failed is in `failures`, in the order of their ends. */
export class Incidents {
  readonly failures: Failure[] = [];
  readonly #told = new Set<string>();

  /** Makes a call; keeps its failure, and throws it. */
  async watch<T>(call: string, pod: string, sandbox: string | undefined, work: () => Promise<T>): Promise<T> {
    const from = Date.now();
    try {
      return await work();
    } catch (error) {
      this.failures.push({ call, pod, sandbox, from, to: Date.now(), words: messageOf(error) });
      throw error;
    }
  }

  /** A caller knows this sandbox from now on. */
  tell(sandbox: string): void {
    this.#told.add(sandbox);
  }

  /** For people, a line each. */
  unexplained(kills: readonly Kill[]): readonly string[] {
    return this.failures.filter((failure) => explain(failure, kills, this.#told) === undefined).map(lineOf);
  }
}

function lineOf({ call, pod, sandbox = '', from, to, words }: Failure): string {
  const whose = sandbox === '' ? pod : `${pod} (${sandbox})`;
  return `${new Date(from).toISOString()} ${call} of ${whose} failed after ${((to - from) / 1000).toFixed(1)} s: ${words}`;
}

/** How many of each kind. */
export function countKills(kills: readonly Kill[]): Readonly<Record<Victim, number>> {
  const count = (of: Victim): number => kills.filter(({ victim }) => victim === of).length;
  return { plugin: count('plugin'), shim: count('shim'), daemon: count('daemon') };
}
