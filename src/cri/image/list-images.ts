import { toImage } from '../convert/views.ts';
import type { Image } from '../generated/runtime/v1/Image.ts';
import type { ImageFilter__Output } from '../generated/runtime/v1/ImageFilter.ts';
import type { ListImagesRequest__Output } from '../generated/runtime/v1/ListImagesRequest.ts';
import type { ListImagesResponse } from '../generated/runtime/v1/ListImagesResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** One entry per image id; the filter is a name, as in ImageStatus. */
export function listImages(cores: Cores): Handler<ListImagesRequest__Output, ListImagesResponse> {
  return ({ filter }) => ({ images: wantedImages(cores, filter) });
}

export function wantedImages({ images }: Cores, filter: ImageFilter__Output | null): Image[] {
  const wanted = filter?.image?.image ?? '';
  if (wanted === '') return images.list().map(toImage);
  const found = images.find(wanted);
  return found === undefined ? [] : [toImage(found)];
}
