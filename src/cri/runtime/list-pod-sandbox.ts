import { toPodSandbox } from '../convert/views.ts';
import { filterSandboxes } from '../filters.ts';
import type { ListPodSandboxRequest__Output } from '../generated/runtime/v1/ListPodSandboxRequest.ts';
import type { ListPodSandboxResponse } from '../generated/runtime/v1/ListPodSandboxResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** Answered from memory: kubelet asks every second. */
export function listPodSandbox({ runtime }: Cores): Handler<ListPodSandboxRequest__Output, ListPodSandboxResponse> {
  return ({ filter }) => ({ items: filterSandboxes(runtime.listSandboxes(), filter).map(toPodSandbox) });
}
