import { BoxError } from '../../errors.ts';
import { toImage } from '../convert/views.ts';
import type { ImageStatusRequest__Output } from '../generated/runtime/v1/ImageStatusRequest.ts';
import type { ImageStatusResponse } from '../generated/runtime/v1/ImageStatusResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** An unknown image is OK with no image, never NOT_FOUND. */
export function imageStatus({ images }: Cores): Handler<ImageStatusRequest__Output, ImageStatusResponse> {
  return ({ image, verbose }) => {
    if (image === null || image.image === '') throw new BoxError('INVALID_REQUEST', 'the request names no image');
    const found = images.find(image.image);
    if (found === undefined) return {};
    return {
      image: toImage(found),
      ...(verbose ? { info: { info: JSON.stringify({ config: found.config, diffIds: found.diffIds }) } } : {}),
    };
  };
}
