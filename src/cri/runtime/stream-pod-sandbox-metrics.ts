import { chunks } from '../chunks.ts';
import type { StreamPodSandboxMetricsRequest__Output } from '../generated/runtime/v1/StreamPodSandboxMetricsRequest.ts';
import type { StreamPodSandboxMetricsResponse } from '../generated/runtime/v1/StreamPodSandboxMetricsResponse.ts';
import type { Cores, StreamHandler } from '../handler.ts';
import { podMetrics } from '../metrics/pod-metrics.ts';
import { wantedSandboxStats } from './list-pod-sandbox-stats.ts';

/** What ListPodSandboxMetrics answers, in pieces. */
export function streamPodSandboxMetrics(
  cores: Cores,
): StreamHandler<StreamPodSandboxMetricsRequest__Output, StreamPodSandboxMetricsResponse> {
  return async function* stream() {
    const stats = await wantedSandboxStats(cores, null, 'details');
    for (const some of chunks(stats)) yield { podSandboxMetrics: some.map(podMetrics) };
  };
}
