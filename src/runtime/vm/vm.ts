/**
 * One VM as the daemon holds it: the shim's identity, the console, the client of guest-init.
 *
 * INVARIANTS
 * - `ended` resolves exactly once, when the shim process is gone, whoever ended it; nothing polls for that: the console
 *   FIFO ends with its last writer.
 * - `shim.json` is written before the shim gets its configuration, so a shim that runs a VM is always on record.
 * - A Vm never outlives its shim's record: whoever drops the Vm deletes the run folder.
 */
import { closeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BoxError, messageOf } from '../../errors.ts';
import { failpoint } from '../../failpoints/failpoint.ts';
import { GuestClient } from '../../guest-client/guest-client.ts';
import { isAlive, processorTime, type ShimIdentity } from '../../shim/identity.ts';
import type { ShimConfig, ShimStatus } from '../../shim/protocol.ts';
import { type SpawnedShim, spawnShim } from '../../shim/spawn.ts';
import type { BoxConfig } from '../box-config.ts';
import type { Enter } from '../cgroup/cgroups.ts';
import { hostCommand } from '../host/host-command.ts';
import type { NetworkAttachment } from '../network/pod-network.ts';
import type { RunPaths, SandboxPaths } from '../paths.ts';
import { MountSpace } from '../share/mount-space.ts';
import { writeVolatile } from '../store/record-file.ts';
import { settlesWithin } from '../time.ts';
import { type BootTimings, bootTimings } from './boot-timings.ts';
import { ConsoleRing, openConsole, openConsoleWriter } from './console-ring.ts';
import { endShim } from './end-shim.ts';
import { type GuestReady, listenForReady } from './ready-socket.ts';
import { findShim } from './run-folder.ts';
import { checkSocketPaths } from './socket-paths.ts';

/** How long a guest may take to end by itself before its shim is killed. */
const SHUTDOWN_GRACE_MS = 10_000;

/** Where the parts of a VM come from; the same for all sandboxes. */
export interface VmParts {
  readonly libkrun: string;
  /** Folder of libkrunfw.so.5. */
  readonly kernelDir: string;
  readonly shimBundle: string;
  readonly bootTimeoutMs: number;
}

export interface VmSpec {
  readonly sandboxId: string;
  readonly paths: SandboxPaths;
  readonly box: BoxConfig;
  readonly network: NetworkAttachment;
  readonly token: string;
  /** Puts the VMM's process where its limits are, before it becomes the VM. */
  readonly confine: Enter;
}

export class Vm {
  readonly guest: GuestClient;
  readonly ended: Promise<void>;
  readonly #identity: ShimIdentity;
  readonly #console: ConsoleRing;

  private constructor(identity: ShimIdentity, console: ConsoleRing, ended: Promise<void>, guest: GuestClient) {
    this.#identity = identity;
    this.#console = console;
    this.guest = guest;
    this.ended = ended;
  }

  get pid(): number {
    return this.#identity.pid;
  }

  /** False as soon as its process is gone; `ended` may resolve a little later. */
  isAlive(): boolean {
    return isAlive(this.#identity);
  }

  get mountSpace(): MountSpace {
    return new MountSpace(this.#identity);
  }

  /** What its console says, for a reason or an error. */
  lastWords(): string {
    return this.#console.lastWords();
  }

  /**
   * Boots a VM and waits for guest-init. BOOT_FAILED names the phase it failed in and quotes the console; CANCELLED if
   * the signal fires. Nothing of the VM is left then but the run folder, which `discardRun` deletes.
   */
  static async boot(parts: VmParts, spec: VmSpec, signal: AbortSignal): Promise<{ vm: Vm; timings: BootTimings }> {
    checkSocketPaths(spec.paths);
    const { paths } = spec;
    await mkdir(dirname(paths.run), { recursive: true, mode: 0o700 });
    await mkdir(paths.run, { mode: 0o700 });
    await hostCommand('mkfifo', ['--mode=600', paths.console]);
    await failpoint('run.folder-made');
    const boot = new Boot(parts, spec);
    return boot.run(signal);
  }

  /** Takes a running VM up again after a daemon restart; undefined if its shim is gone. */
  static async adopt(paths: RunPaths, token: string): Promise<Vm | undefined> {
    const shim = await findShim(paths);
    return shim === undefined ? undefined : Vm.of(shim.identity, shim.console, shim.console.ended, paths, token);
  }

  static of(identity: ShimIdentity, console: ConsoleRing, ended: Promise<void>, paths: RunPaths, token: string): Vm {
    const { controlSocket, execSocket, terminalSocket } = paths;
    const guest = new GuestClient({ controlSocket, execSocket, terminalSocket, token });
    return new Vm(identity, console, ended, guest);
  }

  /** Ends the VM in order, or by force when it takes too long; returns when its process is gone. DEADLINE if even that fails. */
  async shutdown(): Promise<void> {
    // an answer may be lost with the VM: only the process's end counts
    const asked = this.guest.shutdown(SHUTDOWN_GRACE_MS).catch(() => undefined);
    if (!(await settlesWithin(this.ended, SHUTDOWN_GRACE_MS))) await endShim(this.#identity, this.ended);
    await asked;
    this.release();
  }

  /** Ends the VM at once; returns when its process is gone. DEADLINE if it does not go. */
  async kill(): Promise<void> {
    await endShim(this.#identity, this.ended);
    this.release();
  }

  /** Lets go of the connections; the VM runs on. */
  release(): void {
    this.guest.close();
    this.#console.close();
  }
}

/** One attempt to boot: what has happened so far, so that a failure can be explained. */
class Boot {
  readonly #parts: VmParts;
  readonly #spec: VmSpec;
  readonly #spawned = process.hrtime.bigint();
  #started: bigint | undefined;
  #entered: bigint | undefined;
  #failed: (message: string) => void = () => undefined;

  constructor(parts: VmParts, spec: VmSpec) {
    this.#parts = parts;
    this.#spec = spec;
  }

  async run(signal: AbortSignal): Promise<{ vm: Vm; timings: BootTimings }> {
    const { paths, token } = this.#spec;
    const ready = await listenForReady(paths.readySocket, token);
    const failed = new Promise<string>((resolve) => {
      this.#failed = resolve;
    });
    const console = ConsoleRing.read(openConsole(paths.console), paths.consoleTail);
    let shim: SpawnedShim | undefined;
    try {
      shim = await this.#spawn();
      await failpoint('run.shim-spawned');
      await this.#start(shim);
      await failpoint('run.shim-configured');
      const guest = await this.#wait(ready.ready, failed, shim, signal);
      await failpoint('run.guest-ready');
      const marks = { spawned: this.#spawned, ready: process.hrtime.bigint(), ...this.#marks() };
      const ended = Promise.all([shim.exited, console.ended]).then(() => undefined);
      return { vm: Vm.of(shim.identity, console, ended, paths, token), timings: bootTimings(marks, guest) };
    } catch (error) {
      const ended = shim === undefined ? '' : await endBoot(shim, console);
      const explained = this.#explain(error, console.lastWords(), ended);
      console.close();
      throw explained;
    } finally {
      ready.close();
    }
  }

  async #spawn(): Promise<SpawnedShim> {
    const { sandboxId, paths, network } = this.#spec;
    const consoleFd = openConsoleWriter(paths.console);
    try {
      return await spawnShim({
        sandboxId,
        bundle: this.#parts.shimBundle,
        kernelDir: this.#parts.kernelDir,
        netns: network.netns,
        consoleFd,
        onStatus: (status) => this.#onStatus(status),
      });
    } finally {
      closeSync(consoleFd);
    }
  }

  /** What must be true before the shim becomes a VM: it is on record, and in its cgroup. */
  async #start(shim: SpawnedShim): Promise<void> {
    await writeVolatile(this.#spec.paths.shimRecord, shim.identity);
    await failpoint('run.shim-recorded');
    await this.#spec.confine(shim.identity.pid);
    await failpoint('run.shim-confined');
    shim.configure(shimConfig(this.#parts, this.#spec));
  }

  async #wait(
    ready: Promise<GuestReady>,
    failed: Promise<string>,
    shim: SpawnedShim,
    signal: AbortSignal,
  ): Promise<GuestReady> {
    const stop = new AbortController();
    const limit = this.#parts.bootTimeoutMs;
    const fail = (message: string): never => {
      throw new BoxError('BOOT_FAILED', message);
    };
    const abandoned = AbortSignal.any([signal, stop.signal]);
    try {
      return await Promise.race([
        ready,
        failed.then(fail),
        shim.exited.then(({ code, signal: by }) =>
          fail(`the shim ended (${by === null ? `code ${code}` : by}) before the guest was ready`),
        ),
        delay(limit, undefined, { signal: abandoned }).then(
          () => fail(`guest-init was not ready after ${limit / 1000} s${used(shim.identity.pid)}`),
          () => {
            throw new BoxError('CANCELLED', 'the caller gave up while the VM was booting');
          },
        ),
      ]);
    } finally {
      stop.abort();
    }
  }

  #onStatus(status: ShimStatus): void {
    switch (status.phase) {
      case 'started':
        this.#started = BigInt(status.monotonicNs);
        break;
      case 'enter':
        this.#entered = BigInt(status.monotonicNs);
        break;
      case 'failed':
        this.#failed(`${status.call}: ${status.message}`);
        break;
      default:
        status satisfies never;
    }
  }

  /** A phase whose line has not been read yet counts as zero: the guest's dial may overtake it. */
  #marks(): { readonly started: bigint; readonly entered: bigint } {
    const started = this.#started ?? this.#spawned;
    return { started, entered: this.#entered ?? started };
  }

  #explain(error: unknown, lastWords: string, ended: string): BoxError {
    if (error instanceof BoxError && error.reason === 'CANCELLED') return error;
    const phase = this.#entered === undefined ? (this.#started === undefined ? 'spawn' : 'ffi') : 'guest boot';
    return new BoxError(
      'BOOT_FAILED',
      `sandbox ${this.#spec.sandboxId} did not boot (${phase}): ${messageOf(error)}; ${lastWords}${ended}`,
      { cause: error },
    );
  }
}

/** What a VMM has done until its time was up: a slow guest can be told from one that stands still, and from one that spins. */
function used(pid: number): string {
  const time = processorTime(pid);
  if (time === undefined) return '';
  return `, in which its VMM used ${time.all.toFixed(1)} s of processor time, ${time.guest.toFixed(1)} s of it in the guest`;
}

/** Ends the shim of a boot that failed; what is to be said if even that fails, else ''. */
async function endBoot({ identity, exited }: SpawnedShim, console: ConsoleRing): Promise<string> {
  try {
    await endShim(identity, Promise.all([exited, console.ended]));
    return '';
  } catch (error) {
    return `; ${messageOf(error)}`;
  }
}

function shimConfig(parts: VmParts, { paths, box, network, token }: VmSpec): ShimConfig {
  return {
    libkrun: parts.libkrun,
    vcpus: box.vcpus,
    memoryMiB: box.memoryMiB,
    rootShare: paths.rootShare,
    rwShare: paths.rwShare,
    scratchDisk: paths.scratch,
    cards: network.interfaces.map(({ tap, mac }) => ({ tap, mac })),
    readySocket: paths.readySocket,
    controlSocket: paths.controlSocket,
    execSocket: paths.execSocket,
    terminalSocket: paths.terminalSocket,
    console: paths.console,
    bootFile: JSON.stringify({ version: 1, token }),
  };
}
