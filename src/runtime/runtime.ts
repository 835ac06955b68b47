/** The runtime as src/cri sees it: each operation lives in a file of its own, this class only names them. */
import type { Duplex } from 'node:stream';
import { BoxError } from '../errors.ts';
import { VERSIONS } from '../versions.ts';
import type { CgroupDriver } from './cgroup/cgroups.ts';
import { sandboxLimits } from './cgroup/limits.ts';
import { createContainer } from './container/create-container.ts';
import { execSync } from './container/exec-sync.ts';
import { removeContainer } from './container/remove-container.ts';
import { reopenContainerLog } from './container/reopen-log.ts';
import { readSpec } from './container/spec-file.ts';
import { startContainer } from './container/start-container.ts';
import { stopContainer } from './container/stop-container.ts';
import { updateContainer } from './container/update-container.ts';
import type { RuntimeContext } from './context.ts';
import type { RuntimeEvent } from './events/event-hub.ts';
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
import type { RuntimeService } from './runtime-service.ts';
import { runSandbox } from './sandbox/run-sandbox.ts';
import { removeSandbox, stopSandbox } from './sandbox/stop-sandbox.ts';
import type { SandboxStats, StatsScope } from './stats/stats.ts';
import { StatsCollector } from './stats/stats-collector.ts';
import { openAttach } from './streams/open-attach.ts';
import { openExec } from './streams/open-exec.ts';
import { openForward } from './streams/open-forward.ts';
import type { ProcessStreams, StreamRequest } from './streams.ts';
import { COMMON_DEVICES, vmDevices } from './vm/devices.ts';
import { requireMemory, requireProcessors } from './vm-limits.ts';

/** What `crictl inspect` and its kin call a runtime. */
const RUNTIME_TYPE = 'a3s-box: libkrun microVM';

export class Runtime implements RuntimeService {
  readonly #context: RuntimeContext;
  readonly #checks: HostChecks;
  readonly #stats: StatsCollector;

  constructor(context: RuntimeContext, checks: HostChecks) {
    this.#context = context;
    this.#checks = checks;
    this.#stats = new StatsCollector(context);
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
    const { root, state, parts, defaults, index, admission } = this.#context;
    // for the doctor: what is on the host and belongs to none of them is a leftover
    const sandboxIds = [...index.all().map(({ id }) => id), ...admission.booting];
    const boots = this.boots();
    return { root, state, versions: VERSIONS, parts, defaults, boots, devices: COMMON_DEVICES, sandboxIds };
  }

  /** VMs that boot now, and sandboxes that wait for their turn to do so or to be prepared for it. */
  boots(): { readonly running: number; readonly waiting: number } {
    const { boots, preparations } = this.#context.admission;
    return { running: boots.running, waiting: preparations.waiting + boots.waiting };
  }

  cgroupDriver(): CgroupDriver {
    return this.#context.cgroups.driver;
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

  async stats(sandboxId: string, scope: StatsScope): Promise<SandboxStats> {
    return this.#stats.one(this.#context.index.get(sandboxId), scope);
  }

  async statsOf(sandboxIds: readonly string[], scope: StatsScope): Promise<readonly SandboxStats[]> {
    const wanted = new Set(sandboxIds);
    return this.#stats.all(
      this.#context.index.all().filter(({ id }) => wanted.has(id)),
      scope,
    );
  }

  events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    return this.#context.events.listen(signal);
  }

  sandboxInfo(id: string): Readonly<Record<string, unknown>> {
    const sandbox = this.#context.index.get(id);
    const { box, bootTimings, guest, network, reason, handler, config } = sandbox.record;
    return {
      pid: sandbox.pid() ?? 0,
      runtimeHandler: handler,
      runtimeType: RUNTIME_TYPE,
      config,
      reason,
      box,
      bootTimingsMs: bootTimings,
      devices: vmDevices(box, network),
      versions: { ...VERSIONS, kernel: guest.kernelRelease, guestInit: guest.agentVersion },
      network,
    };
  }

  async resizeSandbox(id: string, limits: Pick<SandboxConfig, 'resources' | 'overhead'>): Promise<void> {
    const sandbox = this.#context.index.get(id);
    // a sandbox without a VM has nothing to resize
    sandbox.vm();
    const { box } = sandbox.record;
    requireMemory(`sandbox ${sandbox.id}`, limits.resources, box);
    requireProcessors(`sandbox ${sandbox.id}`, limits.resources, box);
    await this.#context.cgroups.limit(sandbox.cgroup, sandboxLimits(limits, box));
  }

  async createContainer(sandboxId: string, config: ContainerConfig, signal: AbortSignal): Promise<string> {
    return createContainer(this.#context, sandboxId, config, signal);
  }

  async startContainer(id: string): Promise<void> {
    await startContainer(this.#context, id);
  }

  async reopenContainerLog(id: string): Promise<void> {
    await reopenContainerLog(this.#context, id);
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

  async containerInfo(id: string): Promise<Readonly<Record<string, unknown>>> {
    const { sandbox, container } = this.#context.index.getContainer(id);
    const { config, user, imageId } = container.record;
    return {
      sandboxID: sandbox.id,
      pid: sandbox.pid() ?? 0,
      runtimeType: RUNTIME_TYPE,
      imageId,
      user,
      config: { ...config, envs: config.envs.map(({ key }) => key) },
      runtimeSpec: await readSpec(sandbox.paths, container.id),
    };
  }

  async execSync(
    id: string,
    command: readonly string[],
    timeoutSeconds: number,
    signal: AbortSignal,
  ): Promise<ExecResult> {
    return execSync(this.#context, id, command, timeoutSeconds, signal);
  }

  async openExec(
    id: string,
    command: readonly string[],
    request: StreamRequest,
    signal: AbortSignal,
  ): Promise<ProcessStreams> {
    return openExec(this.#context.index, id, command, request, signal);
  }

  async openAttach(id: string, request: StreamRequest, signal: AbortSignal): Promise<ProcessStreams> {
    return openAttach(this.#context.index, id, request, signal);
  }

  async openForward(sandboxId: string, port: number, signal: AbortSignal): Promise<Duplex> {
    return openForward(this.#context.index, sandboxId, port, signal);
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
