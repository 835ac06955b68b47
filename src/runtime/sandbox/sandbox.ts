/**
 * One sandbox in memory: its record, its VM, its containers.
 *
 * INVARIANTS
 * - READY means that the VM's shim lives and guest-init answers; when either is gone, or guest-init's heartbeat stays away, the
 *   sandbox is NOTREADY and every container EXITED, without being asked.
 * - It never becomes READY again.
 * - Whoever listens to events is told of a change after it is on disk; of an end also if it cannot be written: what has ended has
 *   ended, and the next start finds out again.
 * - `turns` orders what changes the sandbox as a whole (container creation and removal, stop, remove).
 */
import { BoxError, messageOf } from '../../errors.ts';
import { failpoint } from '../../failpoints/failpoint.ts';
import type { ContainerInfo__Output } from '../../guest-client/generated/a3s/guest/v1/ContainerInfo.ts';
import type { CgroupPlace } from '../cgroup/cgroup-path.ts';
import type { Cgroups } from '../cgroup/cgroups.ts';
import type { OomWatch } from '../cgroup/oom-watch.ts';
import type { Container } from '../container/container.ts';
import { EXIT_CODE_UNKNOWN } from '../container/container-record.ts';
import type { EventHub, EventType } from '../events/event-hub.ts';
import type { Log } from '../log.ts';
import type { SandboxView } from '../model.ts';
import type { NetworkPlace } from '../network/pod-network.ts';
import type { SandboxPaths } from '../paths.ts';
import type { MountSpace } from '../share/mount-space.ts';
import { KeptRecord } from '../store/kept-record.ts';
import { Sessions } from '../streams/sessions.ts';
import { nowNanos, settlesWithin } from '../time.ts';
import { Turns } from '../turns.ts';
import { type GuestEventHandlers, watchGuest } from '../vm/guest-events.ts';
import { followHeartbeat } from '../vm/heartbeat.ts';
import type { Vm } from '../vm/vm.ts';
import type { SandboxRecord } from './sandbox-record.ts';

/** The event stream may break a moment before the shim's end is seen; a shim that lives on longer hosts a dead guest. */
const LINGER_MS = 5_000;

const OUT_OF_MEMORY =
  'the host killed the VM, whose cgroup or whose pod had reached its memory limit: give the RuntimeClass more overhead';

export class Sandbox {
  readonly turns = new Turns();
  readonly containers = new Map<string, Container>();
  readonly paths: SandboxPaths;
  readonly sessions: Sessions;
  readonly #events: EventHub;
  readonly #log: Log;
  readonly #kept: KeptRecord;
  #record: SandboxRecord;
  #vm: Vm | undefined;
  #gone: Promise<void> | undefined;
  #oom: OomWatch | undefined;
  #stopping = false;
  #stopHeartbeat: () => void = () => undefined;
  /** Why the VM is being ended, if that is the daemon's doing. */
  #cause = 'the VM ended unexpectedly';

  constructor(record: SandboxRecord, paths: SandboxPaths, events: EventHub, log: Log) {
    this.#record = record;
    this.paths = paths;
    this.#kept = new KeptRecord(paths.record, () => this.#record);
    this.sessions = new Sessions(record.id);
    this.#events = events;
    this.#log = log;
  }

  get id(): string {
    return this.#record.id;
  }

  get record(): SandboxRecord {
    return this.#record;
  }

  get place(): NetworkPlace {
    return { sandboxId: this.id, netnsName: this.paths.netnsName };
  }

  get cgroup(): CgroupPlace {
    return { parent: this.#record.config.cgroupParent, name: this.paths.cgroupName };
  }

  view(): SandboxView {
    const { id, config, handler, state, reason, createdAt, network } = this.#record;
    return { id, config, handler, state, reason, createdAt, ips: network.ips };
  }

  /** Tells whoever listens what has just happened to the sandbox (its own id) or to one of its containers. */
  tell(type: EventType, id: string = this.id): void {
    const containers = [...this.containers.values()].map((container) => container.view());
    this.#events.publish({ id, type, at: nowNanos(), sandbox: this.view(), containers });
  }

  /** The running VM; SANDBOX_NOT_READY if there is none. */
  vm(): Vm {
    if (this.#vm === undefined || this.#record.state !== 'READY') {
      throw new BoxError(
        'SANDBOX_NOT_READY',
        `sandbox ${this.id} is not ready${this.#record.reason === '' ? '' : `: ${this.#record.reason}`}`,
      );
    }
    return this.#vm;
  }

  /** The shim's pid, for people. */
  pid(): number | undefined {
    return this.#vm?.pid;
  }

  /** Where its volumes are mounted; undefined without a VM. */
  mountSpace(): MountSpace | undefined {
    return this.#vm?.mountSpace;
  }

  /** Takes a live VM whose end is not the sandbox's yet: nobody knows of it. */
  prepare(vm: Vm): void {
    this.#vm = vm;
  }

  /** Takes a live VM: from now on its end is this sandbox's end. `cgroups` know whether it died for want of the host's memory. */
  hold(vm: Vm, cgroups: Pick<Cgroups, 'watchOom'>): void {
    this.#vm = vm;
    const oom = cgroups.watchOom(this.cgroup);
    this.#oom = oom;
    this.#gone = vm.ended.then(() => this.#onVmGone(oom));
    void this.#noted(this.#gone);
  }

  /**
   * Follows the guest's events, which are its containers', and its heartbeat, which may stay away for `heartbeatMs`. Resolves with
   * the guest's containers as of now; DEADLINE if it does not tell them in the same time.
   */
  async watch(heartbeatMs: number): Promise<readonly ContainerInfo__Output[]> {
    const vm = this.vm();
    const handlers: GuestEventHandlers = {
      exited: (event) => void this.#onExited(event.containerId, (container) => container.markExited(event)),
      ended: () => void this.#onGuestGone(vm),
    };
    const containers = await watchGuest(vm.guest, handlers, heartbeatMs);
    const silence = `guest-init gave no sign of life for ${heartbeatMs / 1000} s, so its VM was ended`;
    this.#stopHeartbeat = followHeartbeat(vm.guest, heartbeatMs, () => void this.giveUp(silence));
    return containers;
  }

  async save(): Promise<void> {
    await this.#kept.save();
  }

  /** Ends the VM (in order if it answers) and waits until all of it is recorded. */
  async stopVm(reason: string): Promise<void> {
    this.#stopping = true;
    try {
      await this.#vm?.shutdown();
    } catch (error) {
      // it may end much later, or never: it counts as ended, and whoever stops it again waits for its process
      await this.markNotReady(`${reason}; ${messageOf(error)}`);
      throw error;
    }
    // what could not be recorded of its end is recorded again below
    await this.#gone?.catch(() => undefined);
    await failpoint('stop.vm-ended');
    await this.markNotReady(reason);
  }

  /** The sandbox has ended, and every container with it; rejects if that cannot be recorded. */
  async markNotReady(reason: string): Promise<void> {
    const ends = [...this.containers.values()].map((container) =>
      container.end({
        exitCode: EXIT_CODE_UNKNOWN,
        reason: 'Unknown',
        message: reason,
        finishedAt: nowNanos(),
      }),
    );
    await Promise.allSettled(ends);
    if (this.#record.state === 'NOTREADY') await this.#kept.catchUp();
    else {
      this.#record = { ...this.#record, state: 'NOTREADY', reason };
      try {
        await this.save();
      } finally {
        this.tell('STOPPED');
      }
    }
    await Promise.all(ends);
  }

  /** Ends a VM that is of no use any more; what follows is the end of a VM, as any other. Returns when the sandbox is NOTREADY. */
  async giveUp(cause: string): Promise<void> {
    if (this.#stopping) return;
    this.#cause = cause;
    try {
      await this.#vm?.kill();
    } catch (error) {
      // of one that was never shown there is nothing to record
      if (this.#gone === undefined) return;
      // it may end much later, or never: nobody waits for that
      this.#gone = this.markNotReady(`${cause}; ${messageOf(error)}`);
    }
    await this.#noted(this.#gone);
  }

  /** Lets go of the VM without ending it: the daemon stops. */
  release(): void {
    for (const container of this.containers.values()) container.detachLog();
    this.sessions.endAll(new BoxError('CANCELLED', 'the daemon is stopping: streams end, the pods run on'));
    this.#stopping = true;
    this.#stopHeartbeat();
    this.#oom?.end();
    this.#gone = undefined;
    this.#vm?.release();
    this.#vm = undefined;
  }

  /** Waits for the record of a VM's end; that it failed is only logged. */
  async #noted(gone: Promise<void> | undefined): Promise<void> {
    try {
      await gone;
    } catch (error) {
      this.#log.error({ sandboxId: this.id, error: messageOf(error) }, 'the end of a VM was not recorded');
    }
  }

  async #onVmGone(oom: OomWatch): Promise<void> {
    oom.end();
    if (this.#vm === undefined) return;
    this.#stopHeartbeat();
    const words = this.#vm.lastWords();
    this.#vm.release();
    this.#vm = undefined;
    this.sessions.endAll(new BoxError('GUEST_GONE', `the VM of sandbox ${this.id} has ended`));
    if (this.#stopping) return;
    if (oom.kills() > 0) this.#cause = OUT_OF_MEMORY;
    const reason = `${this.#cause}; ${words}`;
    this.#log.error({ sandboxId: this.id, reason }, 'sandbox lost');
    await this.markNotReady(reason);
  }

  async #onExited(containerId: string, mark: (container: Container) => Promise<void>): Promise<void> {
    const container = this.containers.get(containerId);
    if (container === undefined) return;
    try {
      await mark(container);
    } catch (error) {
      this.#log.error(
        { sandboxId: this.id, containerId, error: messageOf(error) },
        'the end of a container was not recorded',
      );
    }
  }

  /** guest-init is gone but its VM is not: a sandbox without an agent can never be READY. */
  async #onGuestGone(vm: Vm): Promise<void> {
    if (this.#stopping || (await settlesWithin(vm.ended, LINGER_MS))) return;
    await this.giveUp('guest-init closed its connection and its VM lived on, so it was ended');
  }
}
