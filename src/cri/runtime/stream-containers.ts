import { chunks } from '../chunks.ts';
import { toContainer } from '../convert/views.ts';
import { filterContainers } from '../filters.ts';
import type { StreamContainersRequest__Output } from '../generated/runtime/v1/StreamContainersRequest.ts';
import type { StreamContainersResponse } from '../generated/runtime/v1/StreamContainersResponse.ts';
import type { Cores, StreamHandler } from '../handler.ts';

/** What ListContainers answers at this moment, in pieces. */
export function streamContainers({
  runtime,
}: Cores): StreamHandler<StreamContainersRequest__Output, StreamContainersResponse> {
  return function* stream({ filter }) {
    const containers = filterContainers(runtime.listContainers(), filter);
    for (const some of chunks(containers)) yield { containers: some.map(toContainer) };
  };
}
