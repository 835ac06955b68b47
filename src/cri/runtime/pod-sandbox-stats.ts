import { toPodSandboxStats } from '../convert/stats.ts';
import type { PodSandboxStatsRequest__Output } from '../generated/runtime/v1/PodSandboxStatsRequest.ts';
import type { PodSandboxStatsResponse } from '../generated/runtime/v1/PodSandboxStatsResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** An unknown id is NOT_FOUND, a sandbox that has ended FAILED_PRECONDITION. */
export function podSandboxStats({ runtime }: Cores): Handler<PodSandboxStatsRequest__Output, PodSandboxStatsResponse> {
  return async ({ podSandboxId }) => ({ stats: toPodSandboxStats(await runtime.stats(podSandboxId, 'network')) });
}
