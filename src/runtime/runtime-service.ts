/** What src/cri needs from the runtime. Every method throws BoxError; ids may be unique prefixes where CRI allows it. */

import type { Duplex } from 'node:stream';
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
import type { ProcessStreams, StreamRequest } from './streams.ts';

export interface RuntimeService {
  /** True conditions of the machine, measured now. */
  conditions(): Promise<readonly Condition[]>;
  /** Facts for `crictl info`: versions, paths, devices. */
  info(): Readonly<Record<string, unknown>>;

  /** Boots a sandbox; an identical call while one runs joins it, a finished identical one returns the same id. */
  runSandbox(config: SandboxConfig, handler: string, signal: AbortSignal): Promise<string>;
  /** Unknown id: nothing to do. */
  stopSandbox(id: string): Promise<void>;
  /** Unknown id: nothing to do. */
  removeSandbox(id: string): Promise<void>;
  /** All sandboxes, newest last; answered from memory. */
  listSandboxes(): readonly SandboxView[];
  /** SANDBOX_NOT_FOUND if there is none. */
  sandbox(id: string): SandboxView;
  /** BoxConfig, boot timings, devices, versions: for verbose status. */
  sandboxInfo(id: string): Readonly<Record<string, unknown>>;

  /** Counters of the pod's interfaces, as the pod sees them; none for a sandbox that has ended. */
  sandboxNetworkStats(id: string): Promise<readonly InterfaceStats[]>;

  /** VM_TOO_SMALL if the pod's new limits are more than its VM has; nothing needs to be changed for those that are not. */
  checkSandboxResize(id: string, resources: Resources | undefined): void;

  createContainer(sandboxId: string, config: ContainerConfig, signal: AbortSignal): Promise<string>;
  startContainer(id: string): Promise<void>;
  /** Stop signal, grace, SIGKILL; returns when it is EXITED. Unknown id: nothing to do. */
  stopContainer(id: string, timeoutSeconds: number): Promise<void>;
  /** Unknown id: nothing to do. */
  removeContainer(id: string): Promise<void>;
  /** New limits, all or none; what is not set stays. VM_TOO_SMALL for more memory than the VM has. */
  updateContainer(id: string, change: Resources): Promise<void>;
  listContainers(): readonly ContainerView[];
  /** CONTAINER_NOT_FOUND if there is none. */
  container(id: string): ContainerView;
  containerInfo(id: string): Readonly<Record<string, unknown>>;

  /** timeoutSeconds 0: no limit. DEADLINE if it ran out, and then the process is dead. */
  execSync(id: string, command: readonly string[], timeoutSeconds: number, signal: AbortSignal): Promise<ExecResult>;

  /** Starts a process in a running container. */
  openExec(
    id: string,
    command: readonly string[],
    request: StreamRequest,
    signal: AbortSignal,
  ): Promise<ProcessStreams>;
  /** The streams of a running container's first process; `exited` resolves when the container has ended. */
  openAttach(id: string, request: StreamRequest, signal: AbortSignal): Promise<ProcessStreams>;
  /** A connection to a port of the pod (localhost in it); rejects if nothing listens. */
  openForward(sandboxId: string, port: number, signal: AbortSignal): Promise<Duplex>;
}
