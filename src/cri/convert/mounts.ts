/** Mount, both ways. Pure; what cannot be kept is refused, never dropped. */
import { posix } from 'node:path';
import { BoxError } from '../../errors.ts';
import type { ContainerView, Mount } from '../../runtime/model.ts';
import type { Mount as CriMount, Mount__Output } from '../generated/runtime/v1/Mount.ts';

const TO_PROPAGATION = {
  PROPAGATION_PRIVATE: 'PRIVATE',
  PROPAGATION_HOST_TO_CONTAINER: 'HOST_TO_CONTAINER',
  PROPAGATION_BIDIRECTIONAL: 'BIDIRECTIONAL',
} as const;
const FROM_PROPAGATION = {
  PRIVATE: 'PROPAGATION_PRIVATE',
  HOST_TO_CONTAINER: 'PROPAGATION_HOST_TO_CONTAINER',
  BIDIRECTIONAL: 'PROPAGATION_BIDIRECTIONAL',
} as const;

/** INVALID_REQUEST for what contradicts itself (the rules stand in api.proto), NOT_SUPPORTED for what a VM cannot do. */
export function toMount(mount: Mount__Output): Mount {
  const path = checkPath(mount.containerPath);
  const propagation = TO_PROPAGATION[mount.propagation];
  if (mount.uidMappings.length > 0 || mount.gidMappings.length > 0) {
    throw new BoxError('NOT_SUPPORTED', `mount ${path}: id-mapped mounts are not supported`);
  }
  // before BIDIRECTIONAL, because this one is wrong everywhere
  checkReadonly(mount, path);
  if (propagation === 'BIDIRECTIONAL') {
    throw new BoxError(
      'NOT_SUPPORTED',
      `mount ${path}: bidirectional propagation cannot leave a microVM: use HostToContainer, or another runtime class`,
    );
  }
  const image = toImage(mount, path);
  return {
    containerPath: path,
    hostPath: mount.hostPath,
    readonly: mount.readonly,
    recursiveReadonly: mount.recursiveReadOnly,
    propagation,
    selinuxRelabel: mount.selinuxRelabel,
    ...(image === undefined ? {} : { image }),
    imageSubPath: mount.imageSubPath,
  };
}

function checkPath(containerPath: string): string {
  if (containerPath === '') throw new BoxError('INVALID_REQUEST', 'a mount has no container_path');
  const path = containerPath.startsWith('/') ? containerPath : `/${containerPath}`;
  if (posix.normalize(path) === '/') {
    throw new BoxError('INVALID_REQUEST', 'a mount cannot take the place of the root file system: it is the image');
  }
  return path;
}

function checkReadonly(mount: Mount__Output, path: string): void {
  if (!mount.recursiveReadOnly) return;
  if (!mount.readonly) {
    throw new BoxError('INVALID_REQUEST', `mount ${path}: recursive_read_only needs readonly`);
  }
  if (mount.propagation !== 'PROPAGATION_PRIVATE') {
    throw new BoxError('INVALID_REQUEST', `mount ${path}: recursive_read_only needs private propagation`);
  }
}

/** Undefined for a bind mount. */
function toImage(mount: Mount__Output, path: string): Mount['image'] {
  if (mount.image === null || mount.image.image === '') {
    if (mount.imageSubPath === '') return undefined;
    throw new BoxError('INVALID_REQUEST', `mount ${path}: image_sub_path needs an image`);
  }
  if (mount.hostPath !== '') throw new BoxError('INVALID_REQUEST', `mount ${path} names a host path and an image`);
  if (!mount.readonly) throw new BoxError('INVALID_REQUEST', `mount ${path}: image volumes must be readonly`);
  if (mount.propagation !== 'PROPAGATION_PRIVATE') {
    throw new BoxError('INVALID_REQUEST', `mount ${path}: image volumes need private propagation`);
  }
  const { image, userSpecifiedImage } = mount.image;
  return { image, userSpecifiedImage };
}

/** As it was asked for; an image volume also with the id of its image. */
export function fromMount(mount: Mount, { volumeImages }: Pick<ContainerView, 'volumeImages'>): CriMount {
  return {
    containerPath: mount.containerPath,
    hostPath: mount.hostPath,
    readonly: mount.readonly,
    selinuxRelabel: mount.selinuxRelabel,
    propagation: FROM_PROPAGATION[mount.propagation],
    recursiveReadOnly: mount.recursiveReadonly,
    ...(mount.image === undefined
      ? {}
      : { image: { ...mount.image, imageRef: volumeImages[mount.containerPath] ?? mount.image.image } }),
    imageSubPath: mount.imageSubPath,
  };
}
