/** What a guest says of its usage, in the runtime's words. Pure. A guest may say anything: lists and numbers are bounded. */
import type { ContainerUsage__Output } from '../../guest-client/generated/a3s/guest/v1/ContainerUsage.ts';
import type { CpuUsage__Output } from '../../guest-client/generated/a3s/guest/v1/CpuUsage.ts';
import type { MemoryUsage__Output } from '../../guest-client/generated/a3s/guest/v1/MemoryUsage.ts';
import type { Pressure__Output } from '../../guest-client/generated/a3s/guest/v1/Pressure.ts';
import type { PressureLine__Output } from '../../guest-client/generated/a3s/guest/v1/PressureLine.ts';
import type { StatsResponse__Output } from '../../guest-client/generated/a3s/guest/v1/StatsResponse.ts';
import type { Usage__Output } from '../../guest-client/generated/a3s/guest/v1/Usage.ts';
import type { Nanos } from '../model.ts';
import type { CpuRate } from './cpu-rate.ts';
import type {
  CpuStats,
  MemoryStats,
  Pressure,
  PressureLine,
  ProcessDetails,
  SwapStats,
  Usage,
  WritableLayer,
} from './stats.ts';

const MAX_UINT64 = 2n ** 64n - 1n;
const NANOS_PER_MICRO = 1000n;
/** More block devices and page sizes than any guest has. */
const MAX_DEVICES = 32;
const MAX_PAGE_SIZES = 4;
const PAGE_SIZE = /^\d{1,4}(KB|MB|GB)$/;

/** `takenAtNs` is the guest's clock at the measurement; `rate` keeps the last sample of the same thing. */
export function toUsage(usage: Usage__Output | null, takenAtNs: bigint, rate: CpuRate): Usage {
  return {
    cpu: toCpu(usage?.cpu ?? null, takenAtNs, rate),
    memory: toMemory(usage?.memory ?? null),
    swap: toSwap(usage?.memory ?? null),
    processes: BigInt(usage?.processes ?? 0),
    threads: BigInt(usage?.threads ?? 0),
    threadsMax: optional(usage?.threadsMax),
    pressure: {
      cpu: toPressure(usage?.cpuPressure ?? null),
      memory: toPressure(usage?.memoryPressure ?? null),
      io: toPressure(usage?.ioPressure ?? null),
    },
    io: (usage?.io ?? []).slice(0, MAX_DEVICES).map(({ major, minor, readBytes, writtenBytes, reads, writes }) => ({
      major,
      minor,
      readBytes: BigInt(readBytes),
      writtenBytes: BigInt(writtenBytes),
      reads: BigInt(reads),
      writes: BigInt(writes),
    })),
    hugePages: (usage?.hugePages ?? [])
      .slice(0, MAX_PAGE_SIZES)
      .filter(({ size }) => PAGE_SIZE.test(size))
      .map(({ size, usageBytes }) => ({ size, usage: BigInt(usageBytes) })),
  };
}

function toCpu(cpu: CpuUsage__Output | null, takenAtNs: bigint, rate: CpuRate): CpuStats {
  const usageNs = nanos(cpu?.usageUs);
  const nanoCores = rate.sample(usageNs, takenAtNs);
  return {
    usageNs,
    userNs: nanos(cpu?.userUs),
    systemNs: nanos(cpu?.systemUs),
    periods: BigInt(cpu?.periods ?? 0),
    throttledPeriods: BigInt(cpu?.throttledPeriods ?? 0),
    throttledNs: nanos(cpu?.throttledUs),
    nanoCores: nanoCores === undefined ? undefined : least(nanoCores, MAX_UINT64),
  };
}

function toMemory(memory: MemoryUsage__Output | null): MemoryStats {
  const usage = BigInt(memory?.usageBytes ?? 0);
  const inactiveFiles = BigInt(memory?.inactiveFileBytes ?? 0);
  const workingSet = lessAtLeastZero(usage, inactiveFiles);
  const limit = optional(memory?.limitBytes);
  return {
    usage,
    workingSet,
    available: limit === undefined ? undefined : lessAtLeastZero(limit, workingSet),
    peak: BigInt(memory?.maxUsageBytes ?? 0),
    anonymous: BigInt(memory?.anonymousBytes ?? 0),
    cache: BigInt(memory?.fileBytes ?? 0),
    mappedFiles: BigInt(memory?.mappedFileBytes ?? 0),
    activeFiles: BigInt(memory?.activeFileBytes ?? 0),
    inactiveFiles,
    kernel: BigInt(memory?.kernelBytes ?? 0),
    pageFaults: BigInt(memory?.pageFaults ?? 0),
    majorPageFaults: BigInt(memory?.majorPageFaults ?? 0),
    limitHits: BigInt(memory?.limitHits ?? 0),
    oomKills: BigInt(memory?.oomKills ?? 0),
  };
}

function toSwap(memory: MemoryUsage__Output | null): SwapStats | undefined {
  const usage = optional(memory?.swapBytes);
  if (usage === undefined) return undefined;
  const limit = optional(memory?.swapLimitBytes);
  return { usage, available: limit === undefined ? undefined : lessAtLeastZero(limit, usage) };
}

function toPressure(pressure: Pressure__Output | null): Pressure | undefined {
  if (pressure === null) return undefined;
  return { some: toPressureLine(pressure.some), full: toPressureLine(pressure.full) };
}

function toPressureLine(line: PressureLine__Output | null): PressureLine {
  return {
    avg10: percent(line?.avg10),
    avg60: percent(line?.avg60),
    avg300: percent(line?.avg300),
    totalNs: nanos(line?.totalUs),
  };
}

/** `now` is the host's clock at the guest's `takenAtNs`: what the guest tells is how long ago it counted. */
export function toWritableLayer(
  { writableLayer }: ContainerUsage__Output,
  takenAtNs: bigint,
  now: Nanos,
): WritableLayer | undefined {
  if (writableLayer === null) return undefined;
  const { bytes, inodes, takenAtNs: countedAtNs } = writableLayer;
  const age = lessAtLeastZero(takenAtNs, BigInt(countedAtNs));
  const at = BigInt(now) - age;
  return { at: (at > 0n ? at : BigInt(now)).toString(), bytes: BigInt(bytes), inodes: BigInt(inodes) };
}

export function toProcessDetails({ details }: ContainerUsage__Output): ProcessDetails | undefined {
  if (details === null) return undefined;
  return {
    openFiles: BigInt(details.openFiles),
    sockets: BigInt(details.sockets),
    maxOpenFiles: optional(details.maxOpenFiles),
  };
}

/** The disk's whole size in bytes and inodes. */
export function toScratch(stats: StatsResponse__Output): {
  readonly bytes: bigint;
  readonly inodes: bigint;
  readonly freeInodes: bigint;
} {
  return {
    bytes: BigInt(stats.scratchBytes),
    inodes: BigInt(stats.scratchInodes),
    freeInodes: BigInt(stats.scratchFreeInodes),
  };
}

function optional(value: string | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(value);
}

/** Microseconds of the guest's kernel; a product beyond 64 bits would wrap around on its way to the client. */
function nanos(micros: string | undefined): bigint {
  return least(BigInt(micros ?? 0) * NANOS_PER_MICRO, MAX_UINT64);
}

function percent(value: number | undefined): number {
  return value !== undefined && value >= 0 && value <= 100 ? value : 0;
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function lessAtLeastZero(a: bigint, b: bigint): bigint {
  return a > b ? a - b : 0n;
}
