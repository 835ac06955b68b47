import { toContainer } from '../convert/views.ts';
import { filterContainers } from '../filters.ts';
import type { ListContainersRequest__Output } from '../generated/runtime/v1/ListContainersRequest.ts';
import type { ListContainersResponse } from '../generated/runtime/v1/ListContainersResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** Answered from memory: kubelet asks every second. */
export function listContainers({ runtime }: Cores): Handler<ListContainersRequest__Output, ListContainersResponse> {
  return ({ filter }) => ({ containers: filterContainers(runtime.listContainers(), filter).map(toContainer) });
}
