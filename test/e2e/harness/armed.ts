/** Arming the failpoints of a daemon that runs (src/failpoints). */
import { existsSync, watch } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Failpoint, FailpointAction } from '../../../src/failpoints/table.ts';
import type { Folders } from './daemon.ts';

/** One armed failpoint. */
export class Armed {
  readonly name: Failpoint;
  /** Resolves when somebody has come to it. */
  readonly reached: Promise<void>;
  readonly #file: string;

  private constructor(name: Failpoint, folder: string) {
    this.name = name;
    this.#file = join(folder, name);
    this.reached = new Promise((resolve) => {
      const watcher = watch(folder, { persistent: false }, () => {
        if (!this.isReached) return;
        watcher.close();
        resolve();
      });
    });
  }

  static async arm({ base, failpoints }: Folders, name: Failpoint, action: FailpointAction): Promise<Armed> {
    if (failpoints === undefined) throw new TypeError('this world has no failpoints: see useWorld');
    // the daemon must not read half an action
    const made = join(base, `arming-${name}`);
    await writeFile(made, action);
    await rename(made, join(failpoints, name));
    return new Armed(name, failpoints);
  }

  get isReached(): boolean {
    return !existsSync(this.#file);
  }
}
