/** LinuxContainerResources, both ways. */

import { BoxError } from '../../errors.ts';
import type { Resources } from '../../runtime/model.ts';
import type {
  LinuxContainerResources,
  LinuxContainerResources__Output,
} from '../generated/runtime/v1/LinuxContainerResources.ts';
import { toNumber } from './numbers.ts';

/** kubelet names every page size, with 0 for those the pod did not ask for: that is what a VM without huge pages keeps. */
export function toResources(linux: LinuxContainerResources__Output): Resources {
  const hugePages = linux.hugepageLimits.find(({ limit }) => limit !== '0');
  if (hugePages !== undefined) {
    throw new BoxError(
      'NOT_SUPPORTED',
      `a microVM has no huge pages: leave hugepages-* out of the resources (asked for ${hugePages.limit} bytes of ${hugePages.pageSize})`,
    );
  }
  return {
    cpuPeriod: toNumber(linux.cpuPeriod, 'cpu_period'),
    cpuQuota: toNumber(linux.cpuQuota, 'cpu_quota'),
    cpuShares: toNumber(linux.cpuShares, 'cpu_shares'),
    memoryLimitBytes: toNumber(linux.memoryLimitInBytes, 'memory_limit_in_bytes'),
    memorySwapLimitBytes: toNumber(linux.memorySwapLimitInBytes, 'memory_swap_limit_in_bytes'),
    oomScoreAdj: toNumber(linux.oomScoreAdj, 'oom_score_adj'),
    cpusetCpus: linux.cpusetCpus,
    cpusetMems: linux.cpusetMems,
    unified: linux.unified,
  };
}

export function fromResources(resources: Resources): LinuxContainerResources {
  return {
    cpuPeriod: resources.cpuPeriod,
    cpuQuota: resources.cpuQuota,
    cpuShares: resources.cpuShares,
    memoryLimitInBytes: resources.memoryLimitBytes,
    memorySwapLimitInBytes: resources.memorySwapLimitBytes,
    oomScoreAdj: resources.oomScoreAdj,
    cpusetCpus: resources.cpusetCpus,
    cpusetMems: resources.cpusetMems,
    unified: resources.unified,
  };
}
