/** `sandboxes.ts`: boots, execs and memory of sandboxes, beside containerd + runc on the same machine. */
import assert from 'node:assert/strict';
import { z } from 'zod';
import { bootTimingsSchema } from '../../src/runtime/vm/boot-timings.ts';
import { residentMiB, shimMemory } from '../../src/testing/memory.ts';
import { call, connectCri } from '../e2e/harness/cri.ts';
import { startBench, stopDaemon } from './bench.ts';
import { startContainerd } from './containerd.ts';
import { type BenchPod, execNothing, removePod, startPod } from './pods.ts';
import { compared, spread, table, timed } from './table.ts';

const SANDBOXES = 10;
const EXECS = 100;
const PEER_PODS = 5;
const PEER_EXECS = 30;

const infoSchema = z.object({ pid: z.number(), bootTimingsMs: bootTimingsSchema });
const say = (text: string): void => void process.stdout.write(text);

const bench = await startBench();
const { folders, daemon } = bench;
const cri = connectCri(folders.socket);
const idle = await residentMiB(daemon.pid);
await bench.pull();

// all are kept until the end, so that shared pages are shared as on a node with pods
const pods: BenchPod[] = [];
const infos: z.infer<typeof infoSchema>[] = [];
for (let index = 0; index < SANDBOXES; index += 1) {
  const pod = await startPod(cri, `box-${index}`);
  pods.push(pod);
  const { info } = await call(cri.runtime.podSandboxStatus.bind(cri.runtime), {
    podSandboxId: pod.id,
    verbose: true,
  });
  infos.push(infoSchema.parse(JSON.parse(info['info'] ?? '')));
  say('.');
}
const memory = [];
for (const { pid } of infos) memory.push(await shimMemory(pid));
const loaded = await residentMiB(daemon.pid);
const [first] = pods;
assert.ok(first !== undefined);
const execs: number[] = [];
for (let index = 0; index < EXECS; index += 1) execs.push(await timed(() => execNothing(cri, first)));
for (const pod of pods) await removePod(cri, pod);
cri.close();
await stopDaemon(daemon);
say('.');

const peer = await startContainerd(folders);
const peerPods: BenchPod[] = [];
for (let index = 0; index < PEER_PODS; index += 1) {
  peerPods.push(await startPod(peer.cri, `peer-${index}`));
  say('.');
}
const [peerFirst] = peerPods;
assert.ok(peerFirst !== undefined);
const peerExecs: number[] = [];
for (let index = 0; index < PEER_EXECS; index += 1) peerExecs.push(await timed(() => execNothing(peer.cri, peerFirst)));
for (const pod of peerPods) await removePod(peer.cri, pod);
await peer.stop();
await bench.end();

const phases = ['spawn', 'ffi', 'startEnter', 'kernel', 'init', 'ready'] as const;
say(
  table(
    `Boot phases of ${SANDBOXES} sandboxes, ms`,
    ['phase', 'p50 / p95'],
    phases.map((phase) => [phase, spread(infos.map(({ bootTimingsMs }) => bootTimingsMs[phase]))]),
  ),
);
const steps = ['run', 'create', 'start'] as const;
const total = ({ times }: BenchPod): number => times.run + times.create + times.start;
say(
  table(
    `Pods and execs beside containerd ${peer.version} + runc on the same CNI network, ms, p50 / p95`,
    ['', 'a3s-box', 'containerd + runc', 'ratio of p50'],
    [
      ...steps.map((step) =>
        compared(
          step,
          pods.map(({ times }) => times[step]),
          peerPods.map(({ times }) => times[step]),
        ),
      ),
      compared('run + create + start (target: at most 1.2)', pods.map(total), peerPods.map(total)),
      compared(`ExecSync of true (${EXECS}, ${PEER_EXECS}; target: at most 0.1)`, execs, peerExecs),
    ],
  ),
);
say(
  table(
    'Memory, MiB, p50 / p95',
    ['', ''],
    [
      ['daemon RSS, idle after its start', idle.toFixed(1)],
      [`daemon RSS with ${SANDBOXES} pods`, loaded.toFixed(1)],
      [
        'shim PSS beyond guest memory',
        spread(
          memory.map(({ ownMiB }) => ownMiB),
          1,
        ),
      ],
      [
        'guest RAM in use',
        spread(
          memory.map(({ guestMiB }) => guestMiB),
          1,
        ),
      ],
      [
        'guest kernel image (its code is each VM’s own)',
        spread(
          memory.map(({ kernelMiB }) => kernelMiB),
          1,
        ),
      ],
    ],
  ),
);
