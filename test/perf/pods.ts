/** The same pod on any CRI runtime, without crictl's start-up in the figures. */
import { type Cri, call } from '../e2e/harness/cri.ts';
import { BUSYBOX } from '../e2e/harness/settings.ts';

export interface PodTimes {
  readonly run: number;
  readonly create: number;
  readonly start: number;
}

export interface BenchPod {
  readonly id: string;
  readonly container: string;
  readonly times: PodTimes;
}

/** What differs between runtimes: containerd's pods need no CNI with the host's network. */
export interface PodOptions {
  readonly hostNetwork: boolean;
}

/** RunPodSandbox, CreateContainer, StartContainer of a container that sleeps. */
export async function startPod({ runtime }: Cri, name: string, { hostNetwork }: PodOptions): Promise<BenchPod> {
  const network = hostNetwork ? 'NODE' : 'POD';
  const linux = { securityContext: { namespaceOptions: { network, pid: 'CONTAINER' } } } as const;
  const config = { metadata: { name, namespace: 'bench', uid: name, attempt: 0 }, linux };
  const started = performance.now();
  const { podSandboxId } = await call(runtime.runPodSandbox.bind(runtime), { config });
  const ran = performance.now();
  const container = {
    metadata: { name: 'main', attempt: 0 },
    image: { image: BUSYBOX },
    command: ['sleep', '100000'],
    linux,
  };
  const { containerId } = await call(runtime.createContainer.bind(runtime), {
    podSandboxId,
    config: container,
    sandboxConfig: config,
  });
  const created = performance.now();
  await call(runtime.startContainer.bind(runtime), { containerId });
  const times = { run: ran - started, create: created - ran, start: performance.now() - created };
  return { id: podSandboxId, container: containerId, times };
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
