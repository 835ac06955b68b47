import { isRunning, toContainerStats } from '../convert/stats.ts';
import { filterContainers } from '../filters.ts';
import type { ContainerStats } from '../generated/runtime/v1/ContainerStats.ts';
import type { ContainerStatsFilter__Output } from '../generated/runtime/v1/ContainerStatsFilter.ts';
import type { ListContainerStatsRequest__Output } from '../generated/runtime/v1/ListContainerStatsRequest.ts';
import type { ListContainerStatsResponse } from '../generated/runtime/v1/ListContainerStatsResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** Of running containers; those of a sandbox that does not answer in time are left out. */
export function listContainerStats(
  cores: Cores,
): Handler<ListContainerStatsRequest__Output, ListContainerStatsResponse> {
  return async ({ filter }) => ({ stats: await wantedContainerStats(cores, filter) });
}

/** Only sandboxes that have a wanted container are asked. */
export async function wantedContainerStats(
  { runtime }: Cores,
  filter: ContainerStatsFilter__Output | null,
): Promise<ContainerStats[]> {
  const { id = '', podSandboxId = '', labelSelector = {} } = filter ?? {};
  const running = { id, podSandboxId, labelSelector, state: { state: 'CONTAINER_RUNNING' } } as const;
  const wanted = filterContainers(runtime.listContainers(), running);
  const ids = new Set(wanted.map((container) => container.id));
  const sandboxIds = [...new Set(wanted.map(({ sandboxId }) => sandboxId))];
  const answers = await runtime.statsOf(sandboxIds, 'containers');
  return answers.flatMap(({ containers, scratch }) =>
    containers
      .filter((stats) => isRunning(stats) && ids.has(stats.container.id))
      .map((stats) => toContainerStats(stats, scratch.mountpoint)),
  );
}
