/**
 * Kills by seed: the daemon, VMMs, CNI plugins.
 *
 * INVARIANT: one kill at a time; `serving` is pending exactly while there is no daemon that answers.
 */
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { identify, killExactly } from '../../src/shim/identity.ts';
import type { Folders } from '../e2e/harness/daemon.ts';
import { Daemon } from '../e2e/harness/daemon.ts';
import { shims } from '../e2e/harness/leftovers.ts';
import type { Random } from './random.ts';

const PLUGINS = '/usr/lib/cni';
const VICTIMS = ['daemon', 'shim', 'plugin'] as const;
export type Victim = (typeof VICTIMS)[number];
/** So many of a hundred steps of a pod's life are followed by a kill of its own. */
const PER_HUNDRED = { shim: 3, plugin: 5 } as const;
/** The daemon's death ends what all lanes are at, so it comes the less often the more lanes there are: pods must get done. */
const DAEMON_PER_HUNDRED_AND_LANE = 6;

export class Chaos {
  readonly kills: Record<Victim, number> = { daemon: 0, shim: 0, plugin: 0 };
  daemon: Daemon;
  serving: Promise<unknown> = Promise.resolve();
  readonly #folders: Folders;
  readonly #random: Random;
  readonly #perHundred: Readonly<Record<Victim, number>>;
  #calm = false;
  #busy: Promise<unknown> = Promise.resolve();

  constructor(folders: Folders, daemon: Daemon, random: Random, lanes: number) {
    this.#folders = folders;
    this.#random = random;
    this.#perHundred = { ...PER_HUNDRED, daemon: DAEMON_PER_HUNDRED_AND_LANE / lanes };
    this.daemon = daemon;
  }

  /** A step has been done: something may be killed now. */
  step(): void {
    if (this.#calm) return;
    let dice = this.#random.next() * 100;
    for (const victim of VICTIMS) {
      dice -= this.#perHundred[victim];
      if (dice >= 0) continue;
      this.#busy = this.#busy.then(() => this.#kill(victim));
      // calm() rejects with it
      this.#busy.catch(() => undefined);
      return;
    }
  }

  /** No kills from now on; resolves when the last one is over. */
  async calm(): Promise<void> {
    this.#calm = true;
    await this.#busy;
  }

  async #kill(victim: Victim): Promise<void> {
    switch (victim) {
      case 'daemon':
        this.serving = this.#restart();
        await this.serving;
        break;
      case 'shim':
        if (!(await this.#killShim())) return;
        break;
      case 'plugin':
        await arm(this.#folders);
        break;
      default:
        victim satisfies never;
    }
    this.kills[victim] += 1;
  }

  async #restart(): Promise<void> {
    await this.daemon.kill();
    this.daemon = await Daemon.start(this.#folders);
  }

  /** False if there is none left. While they are looked for, some end by themselves: then it is another's turn. */
  async #killShim(): Promise<boolean> {
    let left = await shims(this.#folders);
    for (;;) {
      const victim = this.#random.pick(left);
      if (victim === undefined) return false;
      const identity = identify(victim.pid);
      if (identity !== undefined && killExactly(identity)) return true;
      left = left.filter((shim) => shim !== victim);
    }
  }
}

const armedFile = (folders: Folders): string => join(folders.base, 'kill-a-plugin');

/** The next plugin that runs dies half way. */
async function arm(folders: Folders): Promise<void> {
  const file = armedFile(folders);
  await writeFile(`${file}.new`, '');
  await rename(`${file}.new`, file);
}

/** The real plugins, each behind a script that kills it soon after its start when that has been armed. Returns their folder. */
export async function mortalPlugins(folders: Folders): Promise<string> {
  const dir = join(folders.base, 'plugins');
  await mkdir(dir);
  const file = armedFile(folders);
  for (const name of await readdir(PLUGINS)) {
    const real = `${PLUGINS}/${name}`;
    const script = `#!/bin/bash
rm ${file} 2>/dev/null || exec ${real}
${real} <&0 & sleep 0.1
kill -KILL $! $$
`;
    await writeFile(join(dir, name), script, { mode: 0o755 });
  }
  return dir;
}
