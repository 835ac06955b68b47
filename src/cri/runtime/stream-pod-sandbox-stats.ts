import { chunks } from '../chunks.ts';
import { toPodSandboxStats } from '../convert/stats.ts';
import type { StreamPodSandboxStatsRequest__Output } from '../generated/runtime/v1/StreamPodSandboxStatsRequest.ts';
import type { StreamPodSandboxStatsResponse } from '../generated/runtime/v1/StreamPodSandboxStatsResponse.ts';
import type { Cores, StreamHandler } from '../handler.ts';
import { wantedSandboxStats } from './list-pod-sandbox-stats.ts';

/** What ListPodSandboxStats answers, in pieces. */
export function streamPodSandboxStats(
  cores: Cores,
): StreamHandler<StreamPodSandboxStatsRequest__Output, StreamPodSandboxStatsResponse> {
  return async function* stream({ filter }) {
    const stats = await wantedSandboxStats(cores, filter, 'network');
    for (const some of chunks(stats)) yield { podSandboxStats: some.map(toPodSandboxStats) };
  };
}
