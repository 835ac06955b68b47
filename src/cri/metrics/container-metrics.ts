/** What is told of containers only: their limits, their disk, their processes. */
import type { ContainerStats, SandboxStats } from '../../runtime/stats/stats.ts';
import { nowNanos } from '../../runtime/time.ts';
import type { Definition } from './metric.ts';

const NANOS_PER_SECOND = 1_000_000_000n;
/** The scratch disk as the guest sees it. */
const SCRATCH_DEVICE = '/dev/vda';
/** The kernel's defaults (cgroup v1's names for them, which these metrics have kept). */
const DEFAULT_CPU_PERIOD_US = 100_000;
const DEFAULT_CPU_SHARES = 1024;

export interface ContainerSubject extends ContainerStats {
  readonly scratch: SandboxStats['scratch'];
}

function seconds(nanos: string): bigint {
  return BigInt(nanos) / NANOS_PER_SECOND;
}

function resources({ container }: ContainerSubject) {
  return container.config.resources;
}

/** memory.low as kubelet's MemoryQoS sets it. */
function reservation(subject: ContainerSubject): bigint {
  const low = resources(subject)?.unified['memory.low'] ?? '';
  return /^\d{1,19}$/.test(low) ? BigInt(low) : 0n;
}

function perDisk(value: bigint, at?: string) {
  return [{ value, labels: [SCRATCH_DEVICE], ...(at === undefined ? {} : { at }) }];
}

export const CONTAINER_METRICS: readonly Definition<ContainerSubject>[] = [
  {
    name: 'container_last_seen',
    help: 'When it was last seen, in seconds since 1970.',
    type: 'GAUGE',
    read: () => seconds(nowNanos()),
  },
  {
    name: 'container_start_time_seconds',
    help: 'When it was started, in seconds since 1970.',
    type: 'GAUGE',
    read: ({ container }) => seconds(container.startedAt),
  },
  {
    name: 'container_cpu_cfs_periods_total',
    help: 'Enforcement periods of its CPU quota.',
    type: 'COUNTER',
    read: ({ usage }) => usage.cpu.periods,
  },
  {
    name: 'container_cpu_cfs_throttled_periods_total',
    help: 'Enforcement periods in which it used up its CPU quota.',
    type: 'COUNTER',
    read: ({ usage }) => usage.cpu.throttledPeriods,
  },
  {
    name: 'container_cpu_cfs_throttled_seconds_total',
    help: 'Time in which it was held back by its CPU quota, in seconds.',
    type: 'COUNTER',
    read: ({ usage }) => usage.cpu.throttledNs / NANOS_PER_SECOND,
  },
  {
    name: 'container_memory_max_usage_bytes',
    help: 'The most memory it has used, in bytes.',
    type: 'GAUGE',
    read: ({ usage }) => usage.memory.peak,
  },
  {
    name: 'container_memory_failcnt',
    help: 'How often it reached its memory limit.',
    type: 'COUNTER',
    read: ({ usage }) => usage.memory.limitHits,
  },
  {
    name: 'container_fs_usage_bytes',
    help: 'Bytes in its writable layer.',
    type: 'GAUGE',
    labels: ['device'],
    read: ({ writableLayer }) => writableLayer && perDisk(writableLayer.bytes, writableLayer.at),
  },
  {
    name: 'container_fs_limit_bytes',
    help: 'Size of the disk its writable layer lies on, in bytes.',
    type: 'GAUGE',
    labels: ['device'],
    read: ({ scratch }) => perDisk(scratch.bytes),
  },
  {
    name: 'container_fs_inodes_total',
    help: 'Inodes of the disk its writable layer lies on.',
    type: 'GAUGE',
    labels: ['device'],
    read: ({ scratch }) => perDisk(scratch.inodes),
  },
  {
    name: 'container_fs_inodes_free',
    help: 'Free inodes of the disk its writable layer lies on.',
    type: 'GAUGE',
    labels: ['device'],
    read: ({ scratch }) => perDisk(scratch.freeInodes),
  },
  {
    name: 'container_hugetlb_usage_bytes',
    help: 'Huge pages in use, in bytes.',
    type: 'GAUGE',
    labels: ['pagesize'],
    read: ({ usage }) => usage.hugePages.map(({ size, usage: value }) => ({ value, labels: [size] })),
  },
  {
    name: 'container_threads_max',
    help: 'The most threads it may have; 0 without a limit.',
    type: 'GAUGE',
    read: ({ usage }) => usage.threadsMax ?? 0n,
  },
  {
    name: 'container_file_descriptors',
    help: 'Files its processes hold open.',
    type: 'GAUGE',
    read: ({ details }) => details?.openFiles,
  },
  {
    name: 'container_sockets',
    help: 'Sockets its processes hold open.',
    type: 'GAUGE',
    read: ({ details }) => details?.sockets,
  },
  {
    name: 'container_ulimits_soft',
    help: 'Soft limits of its first process; one that is unlimited is left out.',
    type: 'GAUGE',
    labels: ['ulimit'],
    read: ({ details }) =>
      details?.maxOpenFiles === undefined ? undefined : [{ value: details.maxOpenFiles, labels: ['max_open_files'] }],
  },
  {
    name: 'container_spec_cpu_period',
    help: 'Enforcement period of its CPU quota, in microseconds.',
    type: 'GAUGE',
    read: (subject) => BigInt(resources(subject)?.cpuPeriod || DEFAULT_CPU_PERIOD_US),
  },
  {
    name: 'container_spec_cpu_quota',
    help: 'CPU time it may use in each period, in microseconds; left out without a quota.',
    type: 'GAUGE',
    read: (subject) => {
      const quota = resources(subject)?.cpuQuota ?? 0;
      return quota > 0 ? BigInt(quota) : undefined;
    },
  },
  {
    name: 'container_spec_cpu_shares',
    help: 'Its share of CPU time when there is not enough.',
    type: 'GAUGE',
    read: (subject) => BigInt(resources(subject)?.cpuShares || DEFAULT_CPU_SHARES),
  },
  {
    name: 'container_spec_memory_limit_bytes',
    help: 'Its memory limit in bytes; 0 without one.',
    type: 'GAUGE',
    read: (subject) => BigInt(Math.max(0, resources(subject)?.memoryLimitBytes ?? 0)),
  },
  {
    name: 'container_spec_memory_reservation_limit_bytes',
    help: 'Memory that is kept for it, in bytes.',
    type: 'GAUGE',
    read: reservation,
  },
  {
    name: 'container_spec_memory_swap_limit_bytes',
    help: 'Its limit of memory and swap together, in bytes; 0 without one.',
    type: 'GAUGE',
    read: (subject) => BigInt(Math.max(0, resources(subject)?.memorySwapLimitBytes ?? 0)),
  },
];
