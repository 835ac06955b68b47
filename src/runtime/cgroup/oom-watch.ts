/**
 * How many processes of a group the kernel has killed for want of memory.
 *
 * INVARIANT: what was counted is known although the group is gone. systemd removes a scope as soon as it is empty, which is before
 * anybody can ask why. The kernel reports each change of memory.events (cgroup-v2.rst, Memory), and a kill before the process ends;
 * version 1 reports nothing, and there the group must still be there when it is asked.
 */
import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { errnoOf } from '../../errors.ts';

export interface OomWatch {
  kills(): number;
  end(): void;
}

/** Where there is no such group. */
export const NO_OOM: OomWatch = { kills: () => 0, end: () => undefined };

export class OomFile implements OomWatch {
  readonly #path: string;
  readonly #watcher: FSWatcher | undefined;
  #kills = 0;

  /** `path` is memory.events, or version 1's memory.oom_control. */
  constructor(path: string) {
    this.#path = path;
    this.#watcher = watchIfThere(path, () => void this.kills());
  }

  kills(): number {
    this.#kills = Math.max(this.#kills, Number(/^oom_kill (\d+)$/m.exec(this.#text())?.[1] ?? 0));
    return this.#kills;
  }

  /** At once, since the group may be gone a moment later: the file is the kernel's, nothing is waited for. */
  #text(): string {
    try {
      return readFileSync(this.#path, 'utf8');
    } catch {
      // the group is gone, or was never there: nothing more can be known
      return '';
    }
  }

  end(): void {
    this.#watcher?.close();
  }
}

function watchIfThere(path: string, changed: () => void): FSWatcher | undefined {
  try {
    // it fails when the group goes, and then nothing changes any more
    return watch(path, { persistent: false }, changed).on('error', () => undefined);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
