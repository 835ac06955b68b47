import { BoxError } from '../../errors.ts';
import { toContainerStats } from '../convert/stats.ts';
import type { ContainerStatsRequest__Output } from '../generated/runtime/v1/ContainerStatsRequest.ts';
import type { ContainerStatsResponse } from '../generated/runtime/v1/ContainerStatsResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** In any state, as long as its VM runs. An unknown id is NOT_FOUND. */
export function containerStats({ runtime }: Cores): Handler<ContainerStatsRequest__Output, ContainerStatsResponse> {
  return async ({ containerId }) => {
    const { id, sandboxId } = runtime.container(containerId);
    const { containers, scratch } = await runtime.stats(sandboxId, 'containers');
    const found = containers.find(({ container }) => container.id === id);
    if (found === undefined) {
      throw new BoxError('CONTAINER_STATE', `container ${id} has no statistics: its guest does not know it`);
    }
    return { stats: toContainerStats(found, scratch.mountpoint) };
  };
}
