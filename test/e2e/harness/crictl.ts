/** crictl, as a person would type it. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Folders } from './daemon.ts';
import { type Finished, run } from './run.ts';
import { CRICTL, EVENT_MS } from './settings.ts';

const podsSchema = z.object({ items: z.array(z.object({ id: z.string(), state: z.string() })) });
const psSchema = z.object({ containers: z.array(z.object({ id: z.string(), state: z.string() })) });
const inspectSchema = z.object({
  status: z.looseObject({
    id: z.string(),
    state: z.string(),
    exitCode: z.number(),
    reason: z.string(),
    message: z.string(),
    logPath: z.string(),
    imageRef: z.string(),
    imageId: z.string(),
    startedAt: z.string(),
    finishedAt: z.string(),
  }),
});
const inspectpSchema = z.object({
  status: z.looseObject({
    network: z.object({ ip: z.string(), additionalIps: z.array(z.object({ ip: z.string() })).default([]) }),
  }),
});
const reasonSchema = z.object({ info: z.looseObject({ reason: z.string() }) });
export type ContainerStatus = z.infer<typeof inspectSchema>['status'];

export interface ContainerOptions {
  readonly name?: string;
  readonly attempt?: number;
  readonly image?: string;
  readonly command: readonly string[];
  /** Merged over the container's CRI configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
}

export interface Pod {
  readonly id: string;
  readonly config: string;
}

export class Crictl {
  readonly #folders: Folders;
  #files = 0;

  constructor(folders: Folders) {
    this.#folders = folders;
  }

  /** Any crictl command; its outcome is the result. */
  async try(...args: readonly string[]): Promise<Finished> {
    return run(CRICTL, ['--config', this.#folders.crictlConfig, ...args]);
  }

  /** A crictl command that must succeed; its stdout without the last newline. */
  async ok(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.try(...args);
    assert.equal(code, 0, `crictl ${args.join(' ')}: ${stderr}`);
    return stdout.replace(/\n$/, '');
  }

  /** A crictl command that must fail; its stderr. */
  async fails(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.try(...args);
    assert.notEqual(code, 0, `crictl ${args.join(' ')} succeeded: ${stdout}`);
    return stderr;
  }

  /** `exec --sync` that must succeed; its stdout without the last newline (and without the two that crictl adds). */
  async exec(id: string, ...command: readonly string[]): Promise<string> {
    return (await this.ok('exec', '-s', id, ...command)).replace(/\n{1,2}$/, '');
  }

  /** Leaves words on the console of its VM; the container must be a privileged one. */
  async printOnConsole(id: string, words: string): Promise<void> {
    await this.exec(id, 'sh', '-c', `mknod /kmsg c 1 11; echo "<0>${words}" > /kmsg; rm /kmsg`);
  }

  /** Why a sandbox has ended. */
  async podReason(id: string): Promise<string> {
    return reasonSchema.parse(JSON.parse(await this.ok('inspectp', '-o', 'json', id))).info.reason;
  }

  async runPod(name: string, over: Readonly<Record<string, unknown>> = {}): Promise<Pod> {
    const config = await this.#write({
      metadata: { name, namespace: 'default', uid: `uid-${name}`, attempt: 1 },
      log_directory: join(this.#folders.base, 'logs', name),
      linux: {},
      ...over,
    });
    return { id: await this.ok('runp', config), config };
  }

  async create(pod: Pod, options: ContainerOptions): Promise<string> {
    const { name = 'main', attempt = 0, image = 'docker.io/library/busybox:latest', command, config = {} } = options;
    const file = await this.#write({
      metadata: { name, attempt },
      image: { image },
      command,
      log_path: `${name}-${attempt}.log`,
      linux: {},
      ...config,
    });
    return this.ok('create', pod.id, file, pod.config);
  }

  async start(pod: Pod, options: ContainerOptions): Promise<string> {
    const id = await this.create(pod, options);
    await this.ok('start', id);
    return id;
  }

  /** Starts a container and waits for its end. */
  async finish(pod: Pod, options: ContainerOptions): Promise<ContainerStatus> {
    return this.exited(await this.start(pod, options));
  }

  async status(id: string): Promise<ContainerStatus> {
    return inspectSchema.parse(JSON.parse(await this.ok('inspect', '-o', 'json', id))).status;
  }

  /** Asks until the container has exited: crictl has no command that waits. */
  async exited(id: string): Promise<ContainerStatus> {
    return until(`container ${id} exits`, async () => {
      const status = await this.status(id);
      return status.state === 'CONTAINER_EXITED' ? status : undefined;
    });
  }

  /** The pod's addresses, the primary one first. */
  async podIps(pod: Pod): Promise<readonly string[]> {
    const { network } = inspectpSchema.parse(JSON.parse(await this.ok('inspectp', '-o', 'json', pod.id))).status;
    return [network.ip, ...network.additionalIps.map(({ ip }) => ip)];
  }

  async podState(id: string): Promise<string> {
    const { items } = podsSchema.parse(JSON.parse(await this.ok('pods', '-o', 'json')));
    return items.find((item) => item.id === id)?.state ?? 'absent';
  }

  async containers(): Promise<readonly string[]> {
    const { containers } = psSchema.parse(JSON.parse(await this.ok('ps', '-a', '-o', 'json')));
    return containers.map(({ id }) => id);
  }

  async removePod(pod: Pod): Promise<void> {
    await this.ok('stopp', pod.id);
    await this.ok('rmp', pod.id);
  }

  async #write(config: unknown): Promise<string> {
    this.#files += 1;
    const path = join(this.#folders.base, `request-${this.#files}.json`);
    await writeFile(path, JSON.stringify(config));
    return path;
  }
}

/** Repeats a question until it has an answer, which must come within `limitMs`. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>, limitMs = EVENT_MS): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) assert.fail(`${what}: not within ${limitMs} ms`);
    await delay(100);
  }
}
