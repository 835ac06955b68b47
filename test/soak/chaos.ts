/**
 * Kills: first a plugin, a VMM and the daemon, early, so that the shortest soak has one of each; then by seed.
 *
 * INVARIANT: one kill at a time; `serving` is pending exactly while there is no daemon that answers.
 */
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere } from '../../src/runtime/store/folder.ts';
import { identify, killExactly } from '../../src/shim/identity.ts';
import type { Folders } from '../e2e/harness/daemon.ts';
import { Daemon } from '../e2e/harness/daemon.ts';
import { shims } from '../e2e/harness/leftovers.ts';
import { Incidents, type Kill, VICTIMS, type Victim } from './incidents.ts';
import type { Random } from './random.ts';

const PLUGINS = '/usr/lib/cni';
/** Steps from one of the first kills to the next. */
const FIRSTS_APART = 3;
/** So many of a hundred steps of a pod's life are followed by a kill of its own. */
const PER_HUNDRED = { shim: 3, plugin: 5 } as const;
/** The daemon's death ends what all lanes are at, so it comes the less often the more lanes there are: pods must get done. */
const DAEMON_PER_HUNDRED_AND_LANE = 6;

export class Chaos {
  readonly incidents = new Incidents();
  daemon: Daemon;
  serving: Promise<unknown> = Promise.resolve();
  readonly #folders: Folders;
  readonly #random: Random;
  readonly #perHundred: Readonly<Record<Victim, number>>;
  /** Of daemons and VMMs; plugins write themselves down. */
  readonly #kills: Kill[] = [];
  /** Kinds that are due, whatever the dice say. */
  readonly #due: Victim[] = [...VICTIMS];
  #steps = 0;
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
    this.#steps += 1;
    const due = this.#steps % FIRSTS_APART === 0 ? this.#due.shift() : undefined;
    const victim = due ?? this.#drawn();
    if (victim === undefined) return;
    this.#busy = this.#busy.then(() => this.#kill(victim));
    // calm() rejects with it
    this.#busy.catch(() => undefined);
  }

  #drawn(): Victim | undefined {
    let dice = this.#random.next() * 100;
    return VICTIMS.find((victim) => {
      dice -= this.#perHundred[victim];
      return dice < 0;
    });
  }

  /** No kills from now on; resolves when the last one is over. */
  async calm(): Promise<void> {
    this.#calm = true;
    await this.#busy;
    await rm(armedFile(this.#folders), { force: true });
  }

  /** All kills so far, of plugins too. */
  async kills(): Promise<readonly Kill[]> {
    return [...this.#kills, ...(await killedPlugins(this.#folders))];
  }

  async #kill(victim: Victim): Promise<void> {
    switch (victim) {
      case 'daemon':
        this.serving = this.#restart();
        await this.serving;
        break;
      case 'shim':
        if (!(await this.#killShim())) this.#due.push(victim);
        break;
      case 'plugin':
        await arm(this.#folders);
        break;
      default:
        victim satisfies never;
    }
  }

  async #restart(): Promise<void> {
    const kill: Kill = { victim: 'daemon', at: Date.now(), over: Number.POSITIVE_INFINITY, sandbox: '' };
    const place = this.#kills.push(kill) - 1;
    await this.daemon.kill();
    this.daemon = await Daemon.start(this.#folders);
    this.#kills[place] = { ...kill, over: Date.now() };
  }

  /** False if there is none left. While they are looked for, some end by themselves: then it is another's turn. */
  async #killShim(): Promise<boolean> {
    let left = await shims(this.#folders);
    for (;;) {
      const victim = this.#random.pick(left);
      if (victim === undefined) return false;
      const identity = identify(victim.pid);
      const at = Date.now();
      if (identity !== undefined && killExactly(identity)) {
        this.#kills.push({ victim: 'shim', at, over: at, sandbox: victim.sandbox });
        return true;
      }
      left = left.filter((shim) => shim !== victim);
    }
  }
}

const armedFile = (folders: Folders): string => join(folders.base, 'kill-a-plugin');
/** A line for each plugin that was killed: when, in seconds, and whose it was. */
const killedFile = (folders: Folders): string => join(folders.base, 'killed-plugins');

async function killedPlugins(folders: Folders): Promise<readonly Kill[]> {
  const lines = (await readIfThere(killedFile(folders))).split('\n').slice(0, -1);
  return lines.map((line) => {
    const [seconds = '', sandbox = ''] = line.split(' ');
    const at = Number(seconds) * 1000;
    return { victim: 'plugin', at, over: at, sandbox };
  });
}

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
echo "$EPOCHREALTIME $CNI_CONTAINERID" >>${killedFile(folders)}
kill -KILL $! $$
`;
    await writeFile(join(dir, name), script, { mode: 0o755 });
  }
  return dir;
}
