/** The same pod on any CRI runtime, without crictl's start-up in the figures. */
import type { PodSandboxConfig } from '../../src/cri/generated/runtime/v1/PodSandboxConfig.ts';
import { type Cri, call } from '../e2e/harness/cri.ts';
import { BUSYBOX } from '../e2e/harness/settings.ts';

/** The group of all pods, as kubelet has kubepods. */
export const PODS_GROUP = '/bench';

export interface PodTimes {
  readonly run: number;
  readonly create: number;
  readonly start: number;
}

export interface BenchPod {
  readonly id: string;
  readonly config: PodSandboxConfig;
  readonly container: string;
  readonly times: PodTimes;
}

/** RunPodSandbox, CreateContainer, StartContainer of a container that sleeps. */
export async function startPod(cri: Cri, name: string): Promise<BenchPod> {
  const { runtime } = cri;
  const securityContext = { namespaceOptions: { network: 'POD', pid: 'CONTAINER' } } as const;
  // containerd has no statistics of a pod without a parent cgroup; kubelet always names one
  const linux = { securityContext, cgroupParent: PODS_GROUP };
  const config: PodSandboxConfig = { metadata: { name, namespace: 'bench', uid: name, attempt: 0 }, linux };
  const started = performance.now();
  const { podSandboxId } = await call(runtime.runPodSandbox.bind(runtime), { config });
  const ran = performance.now();
  const containerId = await createContainer(cri, { id: podSandboxId, config }, 'main');
  const created = performance.now();
  await call(runtime.startContainer.bind(runtime), { containerId });
  const times = { run: ran - started, create: created - ran, start: performance.now() - created };
  return { id: podSandboxId, config, container: containerId, times };
}

/** CreateContainer of one that sleeps; its id. */
export async function createContainer(
  { runtime }: Cri,
  { id, config }: Pick<BenchPod, 'id' | 'config'>,
  name: string,
): Promise<string> {
  const container = {
    metadata: { name, attempt: 0 },
    image: { image: BUSYBOX },
    command: ['sleep', '100000'],
    linux: { securityContext: config.linux?.securityContext ?? null },
  };
  const { containerId } = await call(runtime.createContainer.bind(runtime), {
    podSandboxId: id,
    config: container,
    sandboxConfig: config,
  });
  return containerId;
}

export async function removePod({ runtime }: Cri, pod: BenchPod): Promise<void> {
  await call(runtime.stopPodSandbox.bind(runtime), { podSandboxId: pod.id });
  await call(runtime.removePodSandbox.bind(runtime), { podSandboxId: pod.id });
}

/** ExecSync of a command that does nothing. */
export async function execNothing({ runtime }: Cri, pod: BenchPod): Promise<void> {
  const { exitCode } = await call(runtime.execSync.bind(runtime), {
    containerId: pod.container,
    cmd: ['true'],
    timeout: '60',
  });
  if (exitCode !== 0) throw new Error(`true ended with ${exitCode}`);
}
