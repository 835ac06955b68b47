/**
 * One pod's life in plain CRI calls, each the same whenever it is made: an operation that was cut short is simply called again.
 *
 * INVARIANT: the pod has one container; `pod` and `container` are the ids that the daemon gave last.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FailpointOperation } from '../../../src/failpoints/table.ts';
import { type Cri, call, connectCri } from './cri.ts';
import type { Folders } from './daemon.ts';
import { BUSYBOX } from './settings.ts';

/** Small images with a layer of their own each: pulls of one layer share its transfer. */
const SMALL_IMAGES = [
  'registry.k8s.io/pause:3.9',
  'registry.k8s.io/e2e-test-images/nonewprivs:1.3',
  ...['tag:test', 'tag:all', 'latest:latest', 'digest:latest', '1:latest', '2:latest', '3:latest'].map(
    (name) => `gcr.io/k8s-staging-cri-tools/test-image-${name}`,
  ),
];

export class Life {
  readonly #folders: Folders;
  readonly name: string;
  readonly #image: string;
  #cri: Cri;
  #pod = '';
  #container = '';

  /** Lives of different numbers have different pods, and different images to pull as long as there are enough. */
  constructor(folders: Folders, number: number) {
    this.#folders = folders;
    this.name = `pod-${number}`;
    this.#image = SMALL_IMAGES[number % SMALL_IMAGES.length] ?? BUSYBOX;
    this.#cri = connectCri(folders.socket);
    mkdirSync(this.#volume, { recursive: true });
  }

  /** To be called for the next daemon. */
  reconnect(): void {
    this.#cri.close();
    this.#cri = connectCri(this.#folders.socket);
  }

  close(): void {
    this.#cri.close();
  }

  /** Each operation, on what the ones before it have made. */
  readonly calls: Readonly<Record<FailpointOperation, () => Promise<void>>> = {
    PullImage: async () => {
      const { images } = this.#cri;
      await call(images.pullImage.bind(images), { image: { image: this.#image } });
    },
    RunPodSandbox: async () => {
      const { runtime } = this.#cri;
      this.#pod = (await call(runtime.runPodSandbox.bind(runtime), { config: this.podConfig })).podSandboxId;
    },
    CreateContainer: async () => {
      const { runtime } = this.#cri;
      this.#container = (await call(runtime.createContainer.bind(runtime), this.containerRequest)).containerId;
    },
    StartContainer: async () => {
      const { runtime } = this.#cri;
      await call(runtime.startContainer.bind(runtime), { containerId: this.#container });
    },
    StopPodSandbox: async () => {
      const { runtime } = this.#cri;
      await call(runtime.stopPodSandbox.bind(runtime), { podSandboxId: this.#pod });
    },
    RemovePodSandbox: async () => {
      const { runtime } = this.#cri;
      await call(runtime.removePodSandbox.bind(runtime), { podSandboxId: this.#pod });
    },
  };

  async removeContainer(): Promise<void> {
    const { runtime } = this.#cri;
    await call(runtime.removeContainer.bind(runtime), { containerId: this.#container });
  }

  get ids(): readonly string[] {
    return [this.#pod, this.#container];
  }

  /** The ids of all sandboxes and containers there are. */
  async listed(): Promise<readonly string[]> {
    const { runtime } = this.#cri;
    const { items } = await call(runtime.listPodSandbox.bind(runtime), {});
    const { containers } = await call(runtime.listContainers.bind(runtime), {});
    return [...items.map(({ id }) => id), ...containers.map(({ id }) => id)];
  }

  get cri(): Cri {
    return this.#cri;
  }

  get containerId(): string {
    return this.#container;
  }

  get podConfig() {
    return {
      metadata: { name: this.name, namespace: 'default', uid: this.name, attempt: 0 },
      logDirectory: join(this.#folders.base, 'logs', this.name),
      linux: {},
    };
  }

  /** With a volume of each kind, so that each step has something to take back. */
  get containerRequest() {
    const hostPath = this.#volume;
    return {
      podSandboxId: this.#pod,
      sandboxConfig: this.podConfig,
      config: {
        metadata: { name: 'main', attempt: 0 },
        image: { image: BUSYBOX },
        command: ['sleep', '1000000'],
        logPath: 'main.log',
        mounts: [
          { containerPath: '/writable', hostPath },
          { containerPath: '/read-only', hostPath, readonly: true },
          { containerPath: '/image', image: { image: BUSYBOX }, readonly: true },
        ],
        linux: {},
      },
    };
  }

  get #volume(): string {
    return join(this.#folders.base, 'volumes', this.name);
  }
}
