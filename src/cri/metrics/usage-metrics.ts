/** What is told of containers and of pods alike: CPU, memory, pressure, block devices. */
import type { Pressure, Usage } from '../../runtime/stats/stats.ts';
import type { Definition, Value } from './metric.ts';

const NANOS_PER_SECOND = 1_000_000_000n;

export interface UsageSubject {
  readonly usage: Usage;
}

function seconds(nanos: bigint): bigint {
  return nanos / NANOS_PER_SECOND;
}

function stalled(pressure: Pressure | undefined): bigint | undefined {
  return pressure === undefined ? undefined : seconds(pressure.full.totalNs);
}

function waiting(pressure: Pressure | undefined): bigint | undefined {
  return pressure === undefined ? undefined : seconds(pressure.some.totalNs);
}

/** Both kinds of faults, for the container itself and with everything below it, which are one and the same here. */
function faults({ usage: { memory } }: UsageSubject): readonly Value[] {
  return ['container', 'hierarchy'].flatMap((scope) => [
    { value: memory.pageFaults, labels: ['pgfault', scope] },
    { value: memory.majorPageFaults, labels: ['pgmajfault', scope] },
  ]);
}

/** One value for each block device of the guest. */
function perDevice(pick: (io: Usage['io'][number]) => bigint): (subject: UsageSubject) => readonly Value[] {
  return ({ usage }) => usage.io.map((io) => ({ value: pick(io), labels: [`/dev/block/${io.major}:${io.minor}`] }));
}

function deviceUsage({ usage }: UsageSubject): readonly Value[] {
  return usage.io.flatMap(({ major, minor, readBytes, writtenBytes }) => {
    const device = [`/dev/block/${major}:${minor}`, String(major), String(minor)];
    return [
      { value: readBytes, labels: [...device, 'Read'] },
      { value: writtenBytes, labels: [...device, 'Write'] },
    ];
  });
}

export const USAGE_METRICS: readonly Definition<UsageSubject>[] = [
  {
    name: 'container_cpu_usage_seconds_total',
    help: 'CPU time used, in seconds.',
    type: 'COUNTER',
    read: ({ usage }) => seconds(usage.cpu.usageNs),
  },
  {
    name: 'container_cpu_user_seconds_total',
    help: 'CPU time used by programs, in seconds.',
    type: 'COUNTER',
    read: ({ usage }) => seconds(usage.cpu.userNs),
  },
  {
    name: 'container_cpu_system_seconds_total',
    help: 'CPU time used by the kernel, in seconds.',
    type: 'COUNTER',
    read: ({ usage }) => seconds(usage.cpu.systemNs),
  },
  {
    name: 'container_memory_usage_bytes',
    help: 'Memory in use, page cache included.',
    type: 'GAUGE',
    read: ({ usage }) => usage.memory.usage,
  },
  {
    name: 'container_memory_working_set_bytes',
    help: 'Memory in use less inactive page cache.',
    type: 'GAUGE',
    read: ({ usage }) => usage.memory.workingSet,
  },
  {
    name: 'container_memory_rss',
    help: 'Anonymous memory in bytes.',
    type: 'GAUGE',
    read: ({ usage }) => usage.memory.anonymous,
  },
  {
    name: 'container_memory_cache',
    help: 'Page cache in bytes.',
    type: 'GAUGE',
    read: ({ usage }) => usage.memory.cache,
  },
  {
    name: 'container_memory_mapped_file',
    help: 'Mapped files in memory, in bytes.',
    type: 'GAUGE',
    read: ({ usage }) => usage.memory.mappedFiles,
  },
  {
    name: 'container_memory_total_active_file_bytes',
    help: 'Active page cache in bytes.',
    type: 'GAUGE',
    read: ({ usage }) => usage.memory.activeFiles,
  },
  {
    name: 'container_memory_total_inactive_file_bytes',
    help: 'Inactive page cache in bytes.',
    type: 'GAUGE',
    read: ({ usage }) => usage.memory.inactiveFiles,
  },
  {
    name: 'container_memory_kernel_usage',
    help: 'Memory the kernel holds, in bytes.',
    type: 'GAUGE',
    read: ({ usage }) => usage.memory.kernel,
  },
  {
    name: 'container_memory_swap',
    help: 'Swap in use, in bytes.',
    type: 'GAUGE',
    read: ({ usage }) => usage.swap?.usage ?? 0n,
  },
  {
    name: 'container_memory_failures_total',
    help: 'Page faults, by kind and scope.',
    type: 'COUNTER',
    labels: ['failure_type', 'scope'],
    read: faults,
  },
  {
    name: 'container_oom_events_total',
    help: 'Processes killed for want of memory.',
    type: 'COUNTER',
    read: ({ usage }) => usage.memory.oomKills,
  },
  {
    name: 'container_processes',
    help: 'Processes running.',
    type: 'GAUGE',
    read: ({ usage }) => usage.processes,
  },
  {
    name: 'container_threads',
    help: 'Threads running.',
    type: 'GAUGE',
    read: ({ usage }) => usage.threads,
  },
  {
    name: 'container_fs_reads_bytes_total',
    help: 'Bytes read from block devices.',
    type: 'COUNTER',
    labels: ['device'],
    read: perDevice(({ readBytes }) => readBytes),
  },
  {
    name: 'container_fs_reads_total',
    help: 'Reads from block devices.',
    type: 'COUNTER',
    labels: ['device'],
    read: perDevice(({ reads }) => reads),
  },
  {
    name: 'container_fs_writes_bytes_total',
    help: 'Bytes written to block devices.',
    type: 'COUNTER',
    labels: ['device'],
    read: perDevice(({ writtenBytes }) => writtenBytes),
  },
  {
    name: 'container_fs_writes_total',
    help: 'Writes to block devices.',
    type: 'COUNTER',
    labels: ['device'],
    read: perDevice(({ writes }) => writes),
  },
  {
    name: 'container_blkio_device_usage_total',
    help: 'Bytes moved to and from block devices.',
    type: 'COUNTER',
    labels: ['device', 'major', 'minor', 'operation'],
    read: deviceUsage,
  },
  {
    name: 'container_pressure_cpu_stalled_seconds_total',
    help: 'Time in which all tasks waited for a CPU, in seconds.',
    type: 'COUNTER',
    read: ({ usage }) => stalled(usage.pressure.cpu),
  },
  {
    name: 'container_pressure_cpu_waiting_seconds_total',
    help: 'Time in which some task waited for a CPU, in seconds.',
    type: 'COUNTER',
    read: ({ usage }) => waiting(usage.pressure.cpu),
  },
  {
    name: 'container_pressure_memory_stalled_seconds_total',
    help: 'Time in which all tasks waited for memory, in seconds.',
    type: 'COUNTER',
    read: ({ usage }) => stalled(usage.pressure.memory),
  },
  {
    name: 'container_pressure_memory_waiting_seconds_total',
    help: 'Time in which some task waited for memory, in seconds.',
    type: 'COUNTER',
    read: ({ usage }) => waiting(usage.pressure.memory),
  },
  {
    name: 'container_pressure_io_stalled_seconds_total',
    help: 'Time in which all tasks waited for I/O, in seconds.',
    type: 'COUNTER',
    read: ({ usage }) => stalled(usage.pressure.io),
  },
  {
    name: 'container_pressure_io_waiting_seconds_total',
    help: 'Time in which some task waited for I/O, in seconds.',
    type: 'COUNTER',
    read: ({ usage }) => waiting(usage.pressure.io),
  },
];
