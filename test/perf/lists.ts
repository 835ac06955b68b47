/** `lists.ts`: List* of a node with many containers, beside containerd + runc with as many. */
import { type Cri, call } from '../e2e/harness/cri.ts';
import { type BenchPod, createContainer, removePod, startPod } from './pods.ts';
import { measureBoth } from './runtimes.ts';
import { sample } from './sample.ts';
import { compared, table } from './table.ts';

const SANDBOXES = 4;
const CONTAINERS = 200;
/** Of all containers; only these have statistics. */
const RUNNING = 20;
/** kubelet asks each second, for days: what counts is a daemon, and a client, whose code is compiled. */
const OFTEN = { before: 200, calls: 50 } as const;
const SELDOM = { before: 1, calls: 10 } as const;

type Lists = ReadonlyMap<string, readonly number[] | undefined>;

async function measure(cri: Cri): Promise<Lists> {
  const pods = await fill(cri);
  const { runtime, images } = cri;
  const lists: readonly [string, typeof OFTEN | typeof SELDOM, () => Promise<unknown>][] = [
    ['ListPodSandbox', OFTEN, () => call(runtime.listPodSandbox.bind(runtime), {})],
    ['ListContainers', OFTEN, () => call(runtime.listContainers.bind(runtime), {})],
    ['ListImages', OFTEN, () => call(images.listImages.bind(images), {})],
    ['ListPodSandboxStats', SELDOM, () => call(runtime.listPodSandboxStats.bind(runtime), {})],
    ['ListContainerStats', SELDOM, () => call(runtime.listContainerStats.bind(runtime), {})],
  ];
  const times = new Map<string, readonly number[] | undefined>();
  for (const [name, { before, calls }, list] of lists) times.set(name, await sample(calls, list, before));
  for (const pod of pods) await removePod(cri, pod);
  return times;
}

/** Each pod has one running container from its start. */
async function fill(cri: Cri): Promise<readonly BenchPod[]> {
  const { runtime } = cri;
  const pods: BenchPod[] = [];
  for (let index = 0; index < SANDBOXES; index += 1) pods.push(await startPod(cri, `lists-${index}`));
  for (let index = SANDBOXES; index < CONTAINERS; index += 1) {
    const pod = pods[index % SANDBOXES];
    if (pod === undefined) throw new RangeError('there is no pod');
    const containerId = await createContainer(cri, pod, `c${index}`);
    if (index < RUNNING) await call(runtime.startContainer.bind(runtime), { containerId });
  }
  return pods;
}

const { own, peer, version } = await measureBoth(measure);
const size = `${CONTAINERS} containers in ${SANDBOXES} pods, ${RUNNING} of them running`;
process.stdout.write(
  table(
    `Lists with ${size}, beside containerd ${version} + runc, ms, p50 / p95 (target: at most 2); the first three after ${OFTEN.before} calls`,
    ['', 'a3s-box', 'containerd + runc', 'ratio of p50'],
    [...own].map(([name, times]) => compared(name, times, peer.get(name), 1)),
  ),
);
process.exit(0);
