import { BoxError } from '../../errors.ts';
import type { RemoveImageRequest__Output } from '../generated/runtime/v1/RemoveImageRequest.ts';
import type { RemoveImageResponse } from '../generated/runtime/v1/RemoveImageResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** Removes every name of the image; an unknown one is OK. */
export function removeImage({ images }: Cores): Handler<RemoveImageRequest__Output, RemoveImageResponse> {
  return async ({ image }) => {
    if (image === null || image.image === '') throw new BoxError('INVALID_REQUEST', 'the request names no image');
    await images.remove(image.image);
    return {};
  };
}
