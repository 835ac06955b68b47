/** CRI's LinuxContainerResources → OCI's linux.resources, for a container in this VM. Pure. */
import type { BoxConfig } from './box-config.ts';
import { cpusetWithin } from './cpuset.ts';
import type { Resources } from './model.ts';
import type { OciResources } from './oci-types.ts';

/** A microVM is one memory node. */
const MEMORY_NODES = 1;

/** Zero means "not set" throughout CRI's message, a negative limit none. NOT_SUPPORTED for a cpuset outside the VM. */
export function ociResources(resources: Resources, { vcpus }: Pick<BoxConfig, 'vcpus'>): OciResources {
  const { memoryLimitBytes, memorySwapLimitBytes, cpuShares, cpuQuota, cpuPeriod, cpusetCpus, cpusetMems } = resources;
  return {
    memory: {
      ...(memoryLimitBytes === 0 ? {} : { limit: memoryLimitBytes }),
      ...(memorySwapLimitBytes === 0 ? {} : { swap: memorySwapLimitBytes }),
    },
    cpu: {
      ...(cpuShares > 0 ? { shares: cpuShares } : {}),
      ...(cpuQuota === 0 ? {} : { quota: cpuQuota }),
      ...(cpuPeriod > 0 ? { period: cpuPeriod } : {}),
      ...(cpusetCpus === '' ? {} : { cpus: cpusetWithin(cpusetCpus, vcpus, 'processor') }),
      ...(cpusetMems === '' ? {} : { mems: cpusetWithin(cpusetMems, MEMORY_NODES, 'memory node') }),
    },
    unified: resources.unified,
  };
}

/**
 * The outcome of UpdateContainerResources: what the change does not set stays. oom_score_adj belongs to processes that run
 * already and stays too, as in every runtime.
 */
export function mergeResources(current: Resources | undefined, change: Resources): Resources {
  if (current === undefined) return { ...change, oomScoreAdj: 0 };
  return {
    cpuPeriod: change.cpuPeriod || current.cpuPeriod,
    cpuQuota: change.cpuQuota || current.cpuQuota,
    cpuShares: change.cpuShares || current.cpuShares,
    memoryLimitBytes: change.memoryLimitBytes || current.memoryLimitBytes,
    memorySwapLimitBytes: change.memorySwapLimitBytes || current.memorySwapLimitBytes,
    oomScoreAdj: current.oomScoreAdj,
    cpusetCpus: change.cpusetCpus || current.cpusetCpus,
    cpusetMems: change.cpusetMems || current.cpusetMems,
    unified: { ...current.unified, ...change.unified },
  };
}
