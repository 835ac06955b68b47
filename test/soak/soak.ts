/** Pods made and removed, many at once, while the daemon, VMMs and CNI plugins are killed by seed; then nothing may be left. */
import { appendFile, readdir } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { residentMiB } from '../../src/testing/memory.ts';
import { Crictl } from '../e2e/harness/crictl.ts';
import { Daemon, type Folders, makeFolders, removeFolders } from '../e2e/harness/daemon.ts';
import { leftovers } from '../e2e/harness/leftovers.ts';
import { usePlainNetwork } from '../e2e/harness/plain-network.ts';
import { startRegistry } from '../e2e/harness/registry.ts';
import { BUSYBOX, DAEMON_PRIORITY } from '../e2e/harness/settings.ts';
import { Chaos, mortalPlugins } from './chaos.ts';
import { cycle } from './cycle.ts';
import { countKills, type Victim } from './incidents.ts';
import { Random } from './random.ts';
import { podVeths, remains } from './remains.ts';

export interface SoakOptions {
  readonly seed: number;
  readonly cycles: number;
  readonly parallel: number;
  /** No cycle begins later than this after the first one. */
  readonly seconds: number;
}

/** The daemon at one moment. */
export interface Sample {
  readonly second: number;
  readonly cycles: number;
  readonly pid: number;
  readonly residentMiB: number;
  readonly descriptors: number;
}

export interface SoakReport {
  readonly cycles: number;
  readonly seconds: number;
  readonly kills: Readonly<Record<Victim, number>>;
  /** Attempts that were cut short. */
  readonly cut: number;
  /** Calls that failed. */
  readonly failures: number;
  /** Those among them that no kill explains, a line each. */
  readonly unexplained: readonly string[];
  /** The first one is that of the first daemon before its first pod, the last one that of the last daemon after its last. */
  readonly samples: readonly Sample[];
  /** Of a daemon that has just taken up nothing, for comparison with the last sample. */
  readonly fresh: Sample;
  readonly left: readonly string[];
}

/** The last part of a soak has no kills: one daemon makes and removes many pods, and must not have grown by them. */
const CALM_FROM = 0.85;
/** A cycle that takes longer hangs. */
const CYCLE_MS = 30 * 60_000;
/** No plugin may fail for want of a processor, which with many pods at once can take longer than the usual 60 s: no kill explains that. */
const SLOW_PLUGINS = 'cni_timeout = "300s"';
/** A soak takes long: it says how far it is. */
const TOLD_EVERY = 20;
/** Characters of the daemon's log that a failure quotes. */
const LAST_WORDS = 8000;

/** What failed leaves its folders behind, to be looked at. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const registry = await startRegistry();
  const folders = await makeFolders(registry.address, false, [SLOW_PLUGINS]);
  await usePlainNetwork(folders);
  await appendFile(folders.configFile, `cni_bin_dirs = ["${await mortalPlugins(folders)}"]\n`);
  const chaos = new Chaos(folders, await Daemon.start(folders), new Random(options.seed), options.parallel);
  // victims of a kill that comes late have ended by themselves
  setPriority(DAEMON_PRIORITY);
  let report: SoakReport;
  try {
    await new Crictl(folders).ok('pull', BUSYBOX);
    report = await run(folders, chaos, options);
  } catch (cause) {
    const words = chaos.daemon.log().slice(-LAST_WORDS);
    const kills = await chaos.kills();
    const facts = `killed: ${JSON.stringify(countKills(kills))}; failures that no kill explains:\n${chaos.incidents.unexplained(kills).join('\n')}`;
    throw new Error(`the soak of seed ${options.seed} failed; ${facts}\nthe daemon's last words:\n${words}`, { cause });
  } finally {
    await chaos.calm();
    await chaos.daemon.stop();
    await registry.stop();
  }
  await removeFolders(folders);
  return report;
}

async function run(folders: Folders, chaos: Chaos, options: SoakOptions): Promise<SoakReport> {
  const { cycles, parallel, seconds } = options;
  const veths = await podVeths();
  const began = performance.now();
  const second = (): number => (performance.now() - began) / 1000;
  let [begun, done, cut] = [0, 0, 0];
  const sample = async (): Promise<Sample> => {
    const { pid } = chaos.daemon;
    const [resident, descriptors] = await Promise.all([residentMiB(pid), readdir(`/proc/${pid}/fd`)]);
    return { second: second(), cycles: done, pid, residentMiB: resident, descriptors: descriptors.length };
  };
  const samples = [await sample()];
  const lane = async (): Promise<void> => {
    while (begun < cycles && second() < seconds) {
      if (begun >= cycles * CALM_FROM || second() >= seconds * CALM_FROM) await chaos.calm();
      begun += 1;
      cut += await inTime(cycle(folders, chaos, begun), `cycle ${begun}`);
      done += 1;
      if (done % TOLD_EVERY === 0) process.stderr.write(`  ${done} pods in ${second().toFixed(0)} s\n`);
      // a daemon that is killed meanwhile gives no sample; the last ones must
      await sample().then(
        (taken) => samples.push(taken),
        () => undefined,
      );
    }
  };
  await Promise.all(Array.from({ length: parallel }, lane));
  await chaos.calm();
  samples.push(await sample());
  const held = await leftovers(folders);
  await chaos.daemon.stop();
  const left = [...held, ...(await remains(folders, veths))];
  const kills = await chaos.kills();
  chaos.daemon = await Daemon.start(folders);
  return {
    cycles: done,
    seconds: second(),
    kills: countKills(kills),
    cut,
    failures: chaos.incidents.failures.length,
    unexplained: chaos.incidents.unexplained(kills),
    samples,
    fresh: await sample(),
    left,
  };
}

async function inTime<T>(work: Promise<T>, what: string): Promise<T> {
  const stop = new AbortController();
  const late = delay(CYCLE_MS, undefined, { signal: stop.signal }).then(() => {
    throw new Error(`${what} hangs`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    stop.abort();
  }
}
