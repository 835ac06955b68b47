/** Sandboxes as an earlier daemon has left them: records, run folders, and processes that stand in for shims. */
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_OOM } from '../runtime/cgroup/oom-watch.ts';
import { Container } from '../runtime/container/container.ts';
import { type ContainerRecord, containerRecordSchema } from '../runtime/container/container-record.ts';
import { EventHub } from '../runtime/events/event-hub.ts';
import type { Log } from '../runtime/log.ts';
import { containerRecordPath, type SandboxPaths, sandboxPaths } from '../runtime/paths.ts';
import type { RecoveryTools } from '../runtime/recovery/recovery-tools.ts';
import { Sandbox } from '../runtime/sandbox/sandbox.ts';
import { SandboxIndex } from '../runtime/sandbox/sandbox-index.ts';
import { type SandboxRecord, sandboxRecordSchema } from '../runtime/sandbox/sandbox-record.ts';
import { readRecord } from '../runtime/store/record-file.ts';
import { Vm } from '../runtime/vm/vm.ts';
import { identify } from '../shim/identity.ts';
import { sandboxConfig } from './configs.ts';
import { containerRecord, sandboxRecord } from './records.ts';
import { spawnOnConsole } from './stand-in-vm.ts';

/** Where a guest that a test plays answers. */
interface PlayedGuest {
  readonly socket: string;
}

export interface LeftSandbox {
  readonly id: string;
  readonly paths: SandboxPaths;
  readonly shim: ChildProcess;
  readonly ended: Promise<unknown>;
  /** Resolves when somebody has connected to a guest that does not answer. */
  readonly asked: Promise<unknown>;
}

export class SandboxRig {
  readonly base: string;
  readonly tools: RecoveryTools;
  readonly logged: string[] = [];
  /** Ids of what was detached, and how `reconcile` was called. */
  readonly detached: string[] = [];
  readonly reconciled: boolean[] = [];
  /** Resolves when a plugin answers DEL. */
  detach: () => Promise<void> = async () => undefined;
  readonly #shims: ChildProcess[] = [];
  readonly #silent: Socket[] = [];

  private constructor(base: string, heartbeatMs: number) {
    this.base = base;
    const line = (facts: object, message: string): void => void this.logged.push(`${message} ${JSON.stringify(facts)}`);
    const log: Log = { debug: line, info: line, warn: line, error: line };
    this.tools = {
      root: join(base, 'root'),
      state: join(base, 'state'),
      index: new SandboxIndex(),
      events: new EventHub(),
      log,
      tokenFor: () => 'ab',
      heartbeatMs,
      network: {
        detach: async ({ sandboxId }) => {
          await this.detach();
          this.detached.push(sandboxId);
        },
        traces: async () => [],
        reconcile: async (_known, quiet) => void this.reconciled.push(quiet),
      },
      cgroups: { remove: async () => undefined, find: async () => [], watchOom: () => NO_OOM },
      admission: { booting: [] },
    };
  }

  static async make(heartbeatMs: number): Promise<SandboxRig> {
    return new SandboxRig(await mkdtemp(join(tmpdir(), 'a3s-sandboxes-')), heartbeatMs);
  }

  async remove(): Promise<void> {
    for (const sandbox of this.tools.index.all()) sandbox.release();
    for (const shim of this.#shims) shim.kill('SIGKILL');
    for (const socket of this.#silent) socket.destroy();
    await rm(this.base, { recursive: true });
  }

  /** A sandbox on record whose shim runs; `guest` answers in it, or nothing does: who connects hears nothing. */
  async sandbox(guest?: PlayedGuest, over: Partial<SandboxRecord> = {}): Promise<LeftSandbox> {
    const id = randomBytes(32).toString('hex');
    const paths = sandboxPaths(this.tools.root, this.tools.state, id);
    for (const dir of [paths.containers, paths.run]) await mkdir(dir, { recursive: true });
    const config = sandboxConfig({ metadata: { name: id, uid: id, namespace: 'default', attempt: 0 } });
    await writeFile(paths.record, JSON.stringify(sandboxRecord({ id, config, ...over })));
    const shim = await this.#shim(paths);
    await writeFile(paths.shimRecord, JSON.stringify(identify(shim.pid ?? 0)));
    const asked = Promise.withResolvers<void>();
    if (guest === undefined) {
      const server = createServer((socket) => {
        this.#silent.push(socket.on('error', () => undefined));
        asked.resolve();
      });
      server.listen(paths.controlSocket).unref();
      await once(server, 'listening');
    } else for (const socket of [paths.controlSocket, paths.execSocket]) await symlink(guest.socket, socket);
    return { id, paths, shim, ended: once(shim, 'exit'), asked: asked.promise };
  }

  /** A sandbox with its VM in memory, as the next daemon has it before its guest has answered. */
  async held(guest?: PlayedGuest): Promise<Sandbox> {
    const { id, paths } = await this.sandbox(guest);
    const { index, events, log, cgroups } = this.tools;
    const sandbox = new Sandbox(await readRecord(paths.record, sandboxRecordSchema), paths, events, log);
    const vm = await Vm.adopt(paths, 'ab');
    if (vm === undefined) throw new Error(`the shim of sandbox ${id} has ended already`);
    sandbox.hold(vm, cgroups);
    index.add(sandbox);
    return sandbox;
  }

  /** A container in memory and on record, which was just created. */
  async heldContainer(sandbox: Sandbox, over: Partial<ContainerRecord> = {}): Promise<Container> {
    const id = await this.container(sandbox, { state: 'CREATED', startedAt: '0', ...over });
    const path = containerRecordPath(sandbox.paths, id);
    const container = new Container(await readRecord(path, containerRecordSchema), path, (type) =>
      sandbox.tell(type, id),
    );
    sandbox.containers.set(id, container);
    return container;
  }

  /** A container on record, which runs. */
  async container(
    { id, paths }: Pick<LeftSandbox, 'id' | 'paths'>,
    over: Partial<ContainerRecord> = {},
  ): Promise<string> {
    const own = randomBytes(32).toString('hex');
    const record = containerRecord({ id: own, sandboxId: id, state: 'RUNNING', startedAt: '1', ...over });
    await writeFile(containerRecordPath(paths, record.id), JSON.stringify(record));
    return record.id;
  }

  /** What the daemon has to say of a sandbox is done when this resolves. */
  async settled(id: string): Promise<void> {
    await this.tools.index.get(id).turns.take(async () => undefined);
  }

  async #shim({ console }: SandboxPaths): Promise<ChildProcess> {
    const args = ['-e', 'setTimeout(() => 0, 1e6)', '/opt/shim.cjs'];
    const { child, console: fifo } = await spawnOnConsole(console, process.execPath, args);
    this.#shims.push(child);
    await fifo.close();
    return child;
  }
}
