/** What src/cri needs from the runtime. Every method throws BoxError; ids may be unique prefixes where CRI allows it. */
import type { Duplex } from 'node:stream';
import type { CgroupDriver } from './cgroup/cgroups.ts';
import type { RuntimeEvent } from './events/event-hub.ts';
import type {
  Condition,
  ContainerConfig,
  ContainerView,
  ExecResult,
  Resources,
  SandboxConfig,
  SandboxView,
} from './model.ts';
import type { SandboxStats, StatsScope } from './stats/stats.ts';
import type { ProcessStreams, StreamRequest } from './streams.ts';

export interface RuntimeService {
  /** True conditions of the machine, measured now. */
  conditions(): Promise<readonly Condition[]>;
  /** Facts for `crictl info`: versions, paths, devices. */
  info(): Readonly<Record<string, unknown>>;

  /** In whose words kubelet must name pods' cgroups. */
  cgroupDriver(): CgroupDriver;

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

  /** What a sandbox and its containers use now; SANDBOX_NOT_READY if it has ended, DEADLINE if its guest does not answer. */
  stats(sandboxId: string, scope: StatsScope): Promise<SandboxStats>;
  /** The same of many at once; unknown ids and those that do not answer in a few seconds are left out. */
  statsOf(sandboxIds: readonly string[], scope: StatsScope): Promise<readonly SandboxStats[]>;

  /** What happens to sandboxes and containers from now on, until the signal fires; EVENTS_LOST for who reads too slowly. */
  events(signal: AbortSignal): AsyncIterable<RuntimeEvent>;

  /**
   * New limits of the pod as a whole, for the group its VMM runs in. VM_TOO_SMALL if they are more than its VM has, whose size does
   * not change while it runs.
   */
  resizeSandbox(id: string, limits: Pick<SandboxConfig, 'resources' | 'overhead'>): Promise<void>;

  createContainer(sandboxId: string, config: ContainerConfig, signal: AbortSignal): Promise<string>;
  startContainer(id: string): Promise<void>;
  /**
   * Opens the log file anew (kubelet has renamed the old one): when this resolves, nothing more is written to the old file.
   * CONTAINER_STATE unless it runs, and then no file is made.
   */
  reopenContainerLog(id: string): Promise<void>;
  /** Stop signal, grace, SIGKILL; returns when it is EXITED. Unknown id: nothing to do. */
  stopContainer(id: string, timeoutSeconds: number): Promise<void>;
  /** Unknown id: nothing to do. */
  removeContainer(id: string): Promise<void>;
  /** New limits, all or none; what is not set stays. VM_TOO_SMALL for more memory than the VM has. */
  updateContainer(id: string, change: Resources): Promise<void>;
  listContainers(): readonly ContainerView[];
  /** CONTAINER_NOT_FOUND if there is none. */
  container(id: string): ContainerView;
  /** The same of a container, with its OCI spec; of the environment the names only. The pid is the VM's, as a sandbox's is. */
  containerInfo(id: string): Promise<Readonly<Record<string, unknown>>>;

  /** timeoutSeconds 0: no limit. DEADLINE if it ran out, and then the process is dead. */
  execSync(id: string, command: readonly string[], timeoutSeconds: number, signal: AbortSignal): Promise<ExecResult>;

  /**
   * Runs a command with streams. EXEC_FAILED if it cannot be executed, TOO_MANY_STREAMS if the sandbox has too many. The signal
   * gives the stream up, while it is opened and later, as its `close` does; the same holds for the other two.
   */
  openExec(
    id: string,
    command: readonly string[],
    request: StreamRequest,
    signal: AbortSignal,
  ): Promise<ProcessStreams>;
  /** Joins the streams of a container's first process, from now on. `exited` is the container's end, or CLIENT_TOO_SLOW. */
  openAttach(id: string, request: StreamRequest, signal: AbortSignal): Promise<ProcessStreams>;
  /** A connection to a port of the pod: 127.0.0.1 in it, then ::1. FORWARD_FAILED if nothing listens. */
  openForward(sandboxId: string, port: number, signal: AbortSignal): Promise<Duplex>;
}
