/** `busy.ts`: how long List* take while many pods start, beside the same on an idle daemon. */
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, setPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { exists } from '../../src/runtime/store/folder.ts';
import { call, connectCri } from '../e2e/harness/cri.ts';
import { DAEMON_PRIORITY } from '../e2e/harness/settings.ts';
import { startBench, stopDaemon } from './bench.ts';
import { PODS_GROUP, removePod, startPod } from './pods.ts';
import { sample } from './sample.ts';
import { percentile, table, timed } from './table.ts';

const PODS = 20;
const IDLE_CALLS = 200;
/** Between two rounds of calls: kubelet's are seconds apart, and calls without a pause would be most of the load themselves. */
const PAUSE_MS = 100;

await weighPods();
// these pods use next to nothing of the memory they are given
const bench = await startBench(['memory_overcommit = 2']);
await bench.pull();
// the daemon's waits are to be measured, not this client's own for the processor it shares with the VMs
setPriority(DAEMON_PRIORITY);
const cri = connectCri(bench.folders.socket);
const { runtime } = cri;
const lists: readonly [string, () => Promise<unknown>][] = [
  ['ListPodSandbox', () => call(runtime.listPodSandbox.bind(runtime), {})],
  ['ListContainers', () => call(runtime.listContainers.bind(runtime), {})],
];
// what runs for the first time is compiled first
await removePod(cri, await startPod(cri, 'first'));
const idle: (readonly number[])[] = [];
for (const [, list] of lists) idle.push((await sample(IDLE_CALLS, list)) ?? []);

const started = new AbortController();
const pods = Promise.all(Array.from({ length: PODS }, (_, index) => startPod(cri, `busy-${index}`)));
const ended = pods.finally(() => started.abort());
const busy: number[][] = lists.map(() => []);
while (!started.signal.aborted) {
  for (const [index, [, list]] of lists.entries()) busy[index]?.push(await timed(list));
  await delay(PAUSE_MS);
}
await ended;
for (const pod of await pods) await removePod(cri, pod);
cri.close();
await stopDaemon(bench.daemon);
await bench.end();
const columns = ['idle p50', 'busy p50', 'busy p99', 'p99 / idle p50', 'calls'];
const rows = lists.map(([name], index) => {
  const [before, during] = [percentile(idle[index] ?? [], 0.5), busy[index] ?? []];
  const p99 = percentile(during, 0.99);
  const times = [before, percentile(during, 0.5), p99, p99 / before].map((value) => value.toFixed(1));
  return [name, ...times, String(during.length)];
});
const title = `List calls beside ${PODS} pods that start at once, ms (target: p99 at most 10 times the idle p50)`;
process.stdout.write(table(title, ['', ...columns], rows));
process.exit(0);

/**
 * kubelet gives the group of all pods 1024 shares a processor; the daemon's group has 100, as systemd's slices do. With
 * cgroup v2 shares become weights (runc's ConvertCPUSharesToCgroupV2Value): 39 for one processor.
 */
async function weighPods(): Promise<void> {
  const root = '/sys/fs/cgroup';
  if (!(await exists(`${root}/cgroup.controllers`))) return;
  const weight = 1 + Math.trunc(((availableParallelism() * 1024 - 2) * 9999) / 262142);
  await mkdir(`${root}${PODS_GROUP}`, { recursive: true });
  await writeFile(`${root}${PODS_GROUP}/cpu.weight`, String(weight));
}
