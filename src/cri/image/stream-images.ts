import { chunks } from '../chunks.ts';
import type { StreamImagesRequest__Output } from '../generated/runtime/v1/StreamImagesRequest.ts';
import type { StreamImagesResponse } from '../generated/runtime/v1/StreamImagesResponse.ts';
import type { Cores, StreamHandler } from '../handler.ts';
import { wantedImages } from './list-images.ts';

/** What ListImages answers at this moment, in pieces. */
export function streamImages(cores: Cores): StreamHandler<StreamImagesRequest__Output, StreamImagesResponse> {
  return function* stream({ filter }) {
    for (const images of chunks(wantedImages(cores, filter))) yield { images };
  };
}
