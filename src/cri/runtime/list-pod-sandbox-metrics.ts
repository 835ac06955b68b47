import type { ListPodSandboxMetricsRequest__Output } from '../generated/runtime/v1/ListPodSandboxMetricsRequest.ts';
import type { ListPodSandboxMetricsResponse } from '../generated/runtime/v1/ListPodSandboxMetricsResponse.ts';
import type { Cores, Handler } from '../handler.ts';
import { podMetrics } from '../metrics/pod-metrics.ts';
import { wantedSandboxStats } from './list-pod-sandbox-stats.ts';

/** Of READY sandboxes; one that does not answer in time is left out. */
export function listPodSandboxMetrics(
  cores: Cores,
): Handler<ListPodSandboxMetricsRequest__Output, ListPodSandboxMetricsResponse> {
  return async () => ({ podMetrics: (await wantedSandboxStats(cores, null, 'details')).map(podMetrics) });
}
