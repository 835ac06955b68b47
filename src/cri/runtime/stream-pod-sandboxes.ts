import { chunks } from '../chunks.ts';
import { toPodSandbox } from '../convert/views.ts';
import { filterSandboxes } from '../filters.ts';
import type { StreamPodSandboxesRequest__Output } from '../generated/runtime/v1/StreamPodSandboxesRequest.ts';
import type { StreamPodSandboxesResponse } from '../generated/runtime/v1/StreamPodSandboxesResponse.ts';
import type { Cores, StreamHandler } from '../handler.ts';

/** What ListPodSandbox answers at this moment, in pieces. */
export function streamPodSandboxes({
  runtime,
}: Cores): StreamHandler<StreamPodSandboxesRequest__Output, StreamPodSandboxesResponse> {
  return function* stream({ filter }) {
    const sandboxes = filterSandboxes(runtime.listSandboxes(), filter);
    for (const some of chunks(sandboxes)) yield { podSandboxes: some.map(toPodSandbox) };
  };
}
