/** The runtime as src/cri sees it: each operation lives in a file of its own, this class only names them. */
import type { Duplex } from 'node:stream';
import { BoxError } from '../errors.ts';
import { createContainer } from './container/create-container.ts';
import { execSync } from './container/exec-sync.ts';
import { removeContainer } from './container/remove-container.ts';
import { startContainer } from './container/start-container.ts';
import { stopContainer } from './container/stop-container.ts';
import { updateContainer } from './container/update-container.ts';
import type { RuntimeContext } from './context.ts';
import type { HostCheck, HostChecks } from './host/host-checks.ts';
import type {
  Condition,
  ContainerConfig,
  ContainerView,
  ExecResult,
  Resources,
  SandboxConfig,
  SandboxView,
} from './model.ts';
import type { InterfaceStats } from './network/pod-network.ts';
import type { RuntimeService } from './runtime-service.ts';
import { runSandbox } from './sandbox/run-sandbox.ts';
import { removeSandbox, stopSandbox } from './sandbox/stop-sandbox.ts';
import type { ProcessStreams } from './streams.ts';
import { requireMemory, requireProcessors } from './vm-limits.ts';

/** The devices of every VM: eight of the eleven that x86-64 libkrun allows. */
const DEVICES = [
  'virtiofs root (ro)',
  'virtiofs rw',
  'virtio-blk scratch',
  'vsock',
  'virtio-net',
  'console',
  'balloon',
  'rng',
];

export class Runtime implements RuntimeService {
  readonly #context: RuntimeContext;
  readonly #checks: HostChecks;

  constructor(context: RuntimeContext, checks: HostChecks) {
    this.#context = context;
    this.#checks = checks;
  }

  async conditions(): Promise<readonly Condition[]> {
    const problems = (await this.#checks.run()).filter(({ problem }) => problem !== '');
    const network = await this.#context.network.readiness();
    return [
      {
        type: 'RuntimeReady',
        status: problems.length === 0,
        reason: problems.length === 0 ? '' : 'HostNotReady',
        message: problems.map(({ problem }) => problem).join('; '),
      },
      { type: 'NetworkReady', status: network.ready, reason: network.reason, message: network.message },
    ];
  }

  info(): Readonly<Record<string, unknown>> {
    const { root, state, parts, defaults } = this.#context;
    return { root, state, parts, defaults, devices: DEVICES };
  }

  async runSandbox(config: SandboxConfig, handler: string, signal: AbortSignal): Promise<string> {
    const existing = this.#context.index.findByName(config.metadata);
    if (existing === undefined) requireHost(await this.#checks.run());
    return runSandbox(this.#context, config, handler, signal);
  }

  async stopSandbox(id: string): Promise<void> {
    await stopSandbox(this.#context, id);
  }

  async removeSandbox(id: string): Promise<void> {
    await removeSandbox(this.#context, id);
  }

  listSandboxes(): readonly SandboxView[] {
    return this.#context.index.all().map((sandbox) => sandbox.view());
  }

  sandbox(id: string): SandboxView {
    return this.#context.index.get(id).view();
  }

  async sandboxNetworkStats(id: string): Promise<readonly InterfaceStats[]> {
    const sandbox = this.#context.index.get(id);
    return sandbox.record.state === 'READY' ? this.#context.network.stats(sandbox.paths.netnsName) : [];
  }

  sandboxInfo(id: string): Readonly<Record<string, unknown>> {
    const sandbox = this.#context.index.get(id);
    const { box, bootTimings, guest, network, reason } = sandbox.record;
    return { pid: sandbox.pid() ?? 0, box, bootTimingsMs: bootTimings, guest, network, reason, devices: DEVICES };
  }

  checkSandboxResize(id: string, resources: Resources | undefined): void {
    const sandbox = this.#context.index.get(id);
    // a sandbox without a VM has nothing to resize
    sandbox.vm();
    requireMemory(`sandbox ${sandbox.id}`, resources, sandbox.record.box);
    requireProcessors(`sandbox ${sandbox.id}`, resources, sandbox.record.box);
  }

  async createContainer(sandboxId: string, config: ContainerConfig, signal: AbortSignal): Promise<string> {
    return createContainer(this.#context, sandboxId, config, signal);
  }

  async startContainer(id: string): Promise<void> {
    await startContainer(this.#context, id);
  }

  async stopContainer(id: string, timeoutSeconds: number): Promise<void> {
    await stopContainer(this.#context, id, timeoutSeconds);
  }

  async removeContainer(id: string): Promise<void> {
    await removeContainer(this.#context, id);
  }

  async updateContainer(id: string, change: Resources): Promise<void> {
    await updateContainer(this.#context, id, change);
  }

  listContainers(): readonly ContainerView[] {
    return this.#context.index.allContainers().map((container) => container.view());
  }

  container(id: string): ContainerView {
    return this.#context.index.getContainer(id).container.view();
  }

  containerInfo(id: string): Readonly<Record<string, unknown>> {
    const { sandbox, container } = this.#context.index.getContainer(id);
    const { config, user, imageId } = container.record;
    return { sandboxId: sandbox.id, imageId, user, config: { ...config, envs: config.envs.map(({ key }) => key) } };
  }

  async execSync(
    id: string,
    command: readonly string[],
    timeoutSeconds: number,
    signal: AbortSignal,
  ): Promise<ExecResult> {
    return execSync(this.#context, id, command, timeoutSeconds, signal);
  }

  async openExec(): Promise<ProcessStreams> {
    throw new BoxError('NOT_BUILT', 'streaming exec is not built yet: use exec --sync');
  }

  async openAttach(): Promise<ProcessStreams> {
    throw new BoxError('NOT_BUILT', 'attach is not built yet');
  }

  async openForward(): Promise<Duplex> {
    throw new BoxError('NOT_BUILT', 'port forwarding is not built yet');
  }

  /** Stops watching; the VMs run on. */
  async close(): Promise<void> {
    for (const sandbox of this.#context.index.all()) sandbox.release();
  }
}

/** KVM_UNUSABLE or KERNEL_MISSING in one sentence, instead of a VM that cannot boot. */
function requireHost(checks: readonly HostCheck[]): void {
  const failed = checks.filter(({ problem }) => problem !== '');
  const [first] = failed;
  if (first === undefined) return;
  const sentence = failed.map(({ problem }) => problem).join('; ');
  throw new BoxError(
    first.name === 'kvm' ? 'KVM_UNUSABLE' : 'KERNEL_MISSING',
    `no VM can run on this host: ${sentence}`,
  );
}
