import type { SandboxStats, StatsScope } from '../../runtime/stats/stats.ts';
import { toPodSandboxStats } from '../convert/stats.ts';
import { filterSandboxes } from '../filters.ts';
import type { ListPodSandboxStatsRequest__Output } from '../generated/runtime/v1/ListPodSandboxStatsRequest.ts';
import type { ListPodSandboxStatsResponse } from '../generated/runtime/v1/ListPodSandboxStatsResponse.ts';
import type { PodSandboxStatsFilter__Output } from '../generated/runtime/v1/PodSandboxStatsFilter.ts';
import type { Cores, Handler } from '../handler.ts';

/** Of READY sandboxes; one that does not answer in time is left out. */
export function listPodSandboxStats(
  cores: Cores,
): Handler<ListPodSandboxStatsRequest__Output, ListPodSandboxStatsResponse> {
  return async ({ filter }) => ({
    stats: (await wantedSandboxStats(cores, filter, 'network')).map(toPodSandboxStats),
  });
}

export async function wantedSandboxStats(
  { runtime }: Cores,
  filter: PodSandboxStatsFilter__Output | null,
  scope: StatsScope,
): Promise<readonly SandboxStats[]> {
  const { id = '', labelSelector = {} } = filter ?? {};
  const ready = { id, labelSelector, state: { state: 'SANDBOX_READY' } } as const;
  const wanted = filterSandboxes(runtime.listSandboxes(), ready);
  return runtime.statsOf(
    wanted.map((sandbox) => sandbox.id),
    scope,
  );
}
