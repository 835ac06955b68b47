import { BoxError } from '../../errors.ts';
import type { Image } from '../../image/image-service.ts';
import { toImage } from '../convert/views.ts';
import type { ImageStatusRequest__Output } from '../generated/runtime/v1/ImageStatusRequest.ts';
import type { ImageStatusResponse } from '../generated/runtime/v1/ImageStatusResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** The image's configuration in OCI's words (image-spec config.md), as far as it is kept. */
function imageSpec({ config, diffIds }: Image): Readonly<Record<string, unknown>> {
  return {
    os: 'linux',
    architecture: 'amd64',
    config: {
      User: config.user,
      Env: config.env,
      Entrypoint: config.entrypoint,
      Cmd: config.cmd,
      WorkingDir: config.workingDir,
      StopSignal: config.stopSignal,
      Labels: config.labels,
    },
    rootfs: { type: 'layers', diff_ids: diffIds },
  };
}

/** An unknown image is OK with no image, never NOT_FOUND. */
export function imageStatus({ images }: Cores): Handler<ImageStatusRequest__Output, ImageStatusResponse> {
  return ({ image, verbose }) => {
    if (image === null || image.image === '') throw new BoxError('INVALID_REQUEST', 'the request names no image');
    const found = images.find(image.image);
    if (found === undefined) return {};
    return {
      image: toImage(found),
      ...(verbose ? { info: { info: JSON.stringify({ imageSpec: imageSpec(found) }) } } : {}),
    };
  };
}
