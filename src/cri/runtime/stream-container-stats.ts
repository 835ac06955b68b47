import { chunks } from '../chunks.ts';
import type { StreamContainerStatsRequest__Output } from '../generated/runtime/v1/StreamContainerStatsRequest.ts';
import type { StreamContainerStatsResponse } from '../generated/runtime/v1/StreamContainerStatsResponse.ts';
import type { Cores, StreamHandler } from '../handler.ts';
import { wantedContainerStats } from './list-container-stats.ts';

/** What ListContainerStats answers, in pieces. */
export function streamContainerStats(
  cores: Cores,
): StreamHandler<StreamContainerStatsRequest__Output, StreamContainerStatsResponse> {
  return async function* stream({ filter }) {
    for (const containerStats of chunks(await wantedContainerStats(cores, filter))) yield { containerStats };
  };
}
