/** `recovery.ts`: how long a new daemon takes until it serves beside running pods, the first exec in each included. */
import { setTimeout as delay } from 'node:timers/promises';
import { connectCri } from '../e2e/harness/cri.ts';
import { startBench, startDaemon, stopDaemon } from './bench.ts';
import { type BenchPod, execNothing, removePod, startPod } from './pods.ts';
import { spread, table, timed } from './table.ts';

const PODS = 20;
const ROUNDS = 5;
/** What a start does behind its greeting must not be measured as part of the next one. */
const SETTLE_MS = 3000;

// more memory than a test node has, if all used it
const bench = await startBench(['memory_overcommit = 2']);
const { folders } = bench;
let { daemon } = bench;
const restart = async (): Promise<void> => {
  daemon = await startDaemon(folders);
};
const restarts = async (): Promise<readonly number[]> => {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await daemon.kill();
    times.push(await timed(restart));
    await delay(SETTLE_MS);
  }
  return times;
};
const without = await restarts();

await bench.pull();
const first = connectCri(folders.socket);
const pods: BenchPod[] = [];
for (let index = 0; index < PODS; index += 1) pods.push(await startPod(first, `pod-${index}`));
first.close();
const beside = await restarts();

const cri = connectCri(folders.socket);
const execs: number[] = [];
for (const pod of pods) execs.push(await timed(() => execNothing(cri, pod)));
for (const pod of pods) await removePod(cri, pod);
cri.close();
await stopDaemon(daemon);
await bench.end();
process.stdout.write(
  table(
    `A new daemon after a SIGKILL, ms, p50 / p95 of ${ROUNDS}`,
    ['', ''],
    [
      ['until it serves, no pods', spread(without)],
      [`until it serves, ${PODS} pods`, spread(beside)],
      [`then the first exec in each of ${PODS}`, spread(execs)],
    ],
  ),
);
process.exit(0);
