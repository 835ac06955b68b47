/** Image volumes: their layers are linked into the sandbox like those of a root file system, and the guest mounts them. */
import { BoxError, isBoxError, messageOf } from '../../errors.ts';
import type { Layer } from '../../guest-client/generated/a3s/guest/v1/Layer.ts';
import type { LinkedLayer } from '../../image/image-service.ts';
import type { RuntimeContext } from '../context.ts';
import type { Mount } from '../model.ts';
import type { GuestMount } from '../oci-mounts.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';

export interface ImageVolumes {
  readonly mounts: readonly GuestMount[];
  /** The ids of the images, by container path. */
  readonly ids: Record<string, string>;
}

/**
 * Readies the image volumes among a container's mounts in the guest; removing the container there takes them away.
 * IMAGE_VOLUME_FAILED if an image is not here or has no such sub path.
 */
export async function mountImages(
  context: RuntimeContext,
  sandbox: Sandbox,
  containerId: string,
  mounts: readonly Mount[],
): Promise<ImageVolumes> {
  const shown: GuestMount[] = [];
  const ids: Record<string, string> = {};
  for (const [index, mount] of mounts.entries()) {
    if (mount.image === undefined) continue;
    const name = mount.image.userSpecifiedImage || mount.image.image;
    try {
      ids[mount.containerPath] = await mountImage(
        context,
        sandbox,
        { containerId, index, ...mount },
        mount.image.image,
      );
    } catch (error) {
      throw explained(error, `image volume ${mount.containerPath} of ${name}`);
    }
    const guestPath = `/run/volumes/${containerId}/${index}`;
    shown.push({ containerPath: mount.containerPath, guestPath, readonly: true });
  }
  return { mounts: shown, ids };
}

async function mountImage(
  context: RuntimeContext,
  sandbox: Sandbox,
  place: { readonly containerId: string; readonly index: number; readonly imageSubPath: string },
  reference: string,
): Promise<string> {
  const image = context.images.find(reference);
  if (image === undefined) throw new BoxError('IMAGE_NOT_FOUND', `image ${reference} is not here: pull it first`);
  const layers = await context.images.linkLayers(image.id, sandbox.paths.layers);
  const { containerId, index, imageSubPath: subPath } = place;
  await sandbox.vm().guest.mountImage({ containerId, index, layers: guestLayers(layers), subPath });
  return image.id;
}

/** A VM that is gone is not the image's fault. */
function explained(error: unknown, what: string): unknown {
  if (isBoxError(error, 'GUEST_GONE', 'SANDBOX_NOT_READY', 'NOT_BUILT')) return error;
  return new BoxError('IMAGE_VOLUME_FAILED', `${what}: ${messageOf(error)}`, { cause: error });
}

/** Layers in the guest's words. */
export function guestLayers(layers: readonly LinkedLayer[]): Layer[] {
  return layers.map(({ name, impliedDirs, rootOpaque }) => ({ name, impliedDirs: [...impliedDirs], rootOpaque }));
}
