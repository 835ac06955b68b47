import { toImage } from '../convert/views.ts';
import type { ListImagesRequest__Output } from '../generated/runtime/v1/ListImagesRequest.ts';
import type { ListImagesResponse } from '../generated/runtime/v1/ListImagesResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** One entry per image id; the filter is a name, as in ImageStatus. */
export function listImages({ images }: Cores): Handler<ListImagesRequest__Output, ListImagesResponse> {
  return ({ filter }) => {
    const wanted = filter?.image?.image ?? '';
    if (wanted === '') return { images: images.list().map(toImage) };
    const found = images.find(wanted);
    return { images: found === undefined ? [] : [toImage(found)] };
  };
}
