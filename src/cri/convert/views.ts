/** The runtime's views → CRI messages. Pure. */
import type { Image as StoredImage } from '../../image/image-service.ts';
import type { ContainerView, SandboxView } from '../../runtime/model.ts';
import type { Container } from '../generated/runtime/v1/Container.ts';
import type { ContainerStatus } from '../generated/runtime/v1/ContainerStatus.ts';
import type { Image } from '../generated/runtime/v1/Image.ts';
import type { PodSandbox } from '../generated/runtime/v1/PodSandbox.ts';
import type { PodSandboxStatus } from '../generated/runtime/v1/PodSandboxStatus.ts';
import { Signal } from '../generated/runtime/v1/Signal.ts';
import { fromStopSignal } from './container-config.ts';
import { fromMount } from './mounts.ts';
import { fromResources } from './resources.ts';

const SANDBOX_STATE = { READY: 'SANDBOX_READY', NOTREADY: 'SANDBOX_NOTREADY' } as const;
const CONTAINER_STATE = {
  CREATED: 'CONTAINER_CREATED',
  RUNNING: 'CONTAINER_RUNNING',
  EXITED: 'CONTAINER_EXITED',
} as const;
export function toPodSandbox({ id, config, handler, state, createdAt }: SandboxView): PodSandbox {
  const { metadata, labels, annotations } = config;
  return { id, metadata, state: SANDBOX_STATE[state], createdAt, labels, annotations, runtimeHandler: handler };
}

export function toPodSandboxStatus(sandbox: SandboxView): PodSandboxStatus {
  const [ip, ...others] = sandbox.ips;
  const { network, pid, ipc, targetId } = sandbox.config.namespaces;
  return {
    ...toPodSandbox(sandbox),
    // a network without an address would make kubelet recreate the pod for ever
    network: ip === undefined ? null : { ip, additionalIps: others.map((address) => ({ ip: address })) },
    linux: { namespaces: { options: { network, pid, ipc, targetId } } },
  };
}

export function toContainer(container: ContainerView): Container {
  const { id, sandboxId, config, imageId, state, createdAt } = container;
  return {
    id,
    podSandboxId: sandboxId,
    metadata: config.metadata,
    image: imageSpec(container),
    imageRef: imageId,
    imageId,
    state: CONTAINER_STATE[state],
    createdAt,
    labels: config.labels,
    annotations: config.annotations,
  };
}

export function toContainerStatus(container: ContainerView): ContainerStatus {
  const { config, user } = container;
  return {
    id: container.id,
    metadata: config.metadata,
    state: CONTAINER_STATE[container.state],
    createdAt: container.createdAt,
    startedAt: container.startedAt,
    finishedAt: container.finishedAt,
    exitCode: container.exitCode,
    image: imageSpec(container),
    imageRef: container.imageId,
    imageId: container.imageId,
    reason: container.reason,
    message: container.message,
    labels: config.labels,
    annotations: config.annotations,
    mounts: config.mounts.map((mount) => fromMount(mount, container)),
    logPath: container.logPath,
    resources: config.resources === undefined ? null : { linux: fromResources(config.resources) },
    user:
      user === undefined
        ? null
        : { linux: { uid: user.uid, gid: user.gid, supplementalGroups: [...user.supplementalGroups] } },
    stopSignal: criSignal(container.stopSignal),
  };
}

export function toImage(image: StoredImage): Image {
  const { uid, username } = imageUser(image.config.user);
  return {
    id: image.id,
    repoTags: [...image.repoTags],
    repoDigests: [...image.repoDigests],
    size: String(image.size),
    uid: uid === undefined ? null : { value: uid },
    username,
    pinned: image.pinned,
    spec: { image: image.id },
  };
}

/** USER `1003:1004` is uid 1003, `www-data:1004` is username www-data (kubelet's runAsNonRoot asks for them). */
export function imageUser(user: string): { readonly uid?: string; readonly username: string } {
  const [name = ''] = user.split(':', 1);
  return /^\d+$/.test(name) ? { uid: name, username: '' } : { username: name };
}

function imageSpec({ imageName, config }: ContainerView): { image: string; userSpecifiedImage: string } {
  return { image: imageName, userSpecifiedImage: config.userSpecifiedImage };
}

function criSignal(signal: string): Signal {
  const name = fromStopSignal(signal);
  return Object.hasOwn(Signal, name) ? (name as Signal) : 'RUNTIME_DEFAULT';
}
