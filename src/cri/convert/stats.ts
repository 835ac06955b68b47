/** The runtime's statistics → CRI messages. Pure. */
import type { ContainerView, Nanos, SandboxView } from '../../runtime/model.ts';
import type { InterfaceStats } from '../../runtime/network/pod-network.ts';
import type {
  ContainerStats,
  CpuStats,
  MemoryStats,
  Pressure,
  PressureLine,
  SandboxStats,
  SwapStats,
  WritableLayer,
} from '../../runtime/stats/stats.ts';
import type { ContainerAttributes } from '../generated/runtime/v1/ContainerAttributes.ts';
import type { ContainerStats as CriContainerStats } from '../generated/runtime/v1/ContainerStats.ts';
import type { CpuUsage } from '../generated/runtime/v1/CpuUsage.ts';
import type { FilesystemUsage } from '../generated/runtime/v1/FilesystemUsage.ts';
import type { MemoryUsage } from '../generated/runtime/v1/MemoryUsage.ts';
import type { NetworkInterfaceUsage } from '../generated/runtime/v1/NetworkInterfaceUsage.ts';
import type { PodSandboxAttributes } from '../generated/runtime/v1/PodSandboxAttributes.ts';
import type { PodSandboxStats } from '../generated/runtime/v1/PodSandboxStats.ts';
import type { PsiData } from '../generated/runtime/v1/PsiData.ts';
import type { PsiStats } from '../generated/runtime/v1/PsiStats.ts';
import type { SwapUsage } from '../generated/runtime/v1/SwapUsage.ts';
import type { UInt64Value } from '../generated/runtime/v1/UInt64Value.ts';

/** `mountpoint` is the folder on whose file system the writable layer's disk lies. */
export function toContainerStats(stats: ContainerStats, mountpoint: string): CriContainerStats {
  const { container, at, usage, writableLayer } = stats;
  return {
    attributes: containerAttributes(container),
    cpu: cpuUsage(usage.cpu, usage.pressure.cpu, at),
    memory: memoryUsage(usage.memory, usage.pressure.memory, at),
    writableLayer: writableLayer === undefined ? null : filesystemUsage(writableLayer, mountpoint),
    swap: usage.swap === undefined ? null : swapUsage(usage.swap, at),
    io: usage.pressure.io === undefined ? null : { timestamp: at, psi: psi(usage.pressure.io) },
  };
}

/** The containers in it are the running ones, as in ListContainerStats. */
export function toPodSandboxStats(stats: SandboxStats): PodSandboxStats {
  const { sandbox, at, usage, network, containers, scratch } = stats;
  const [first, ...others] = network.map(interfaceUsage);
  return {
    attributes: sandboxAttributes(sandbox),
    linux: {
      cpu: cpuUsage(usage.cpu, usage.pressure.cpu, at),
      memory: memoryUsage(usage.memory, usage.pressure.memory, at),
      network: first === undefined ? null : { timestamp: at, defaultInterface: first, interfaces: others },
      process: { timestamp: at, processCount: uint64(usage.processes) },
      containers: containers.filter(isRunning).map((container) => toContainerStats(container, scratch.mountpoint)),
      io: usage.pressure.io === undefined ? null : { timestamp: at, psi: psi(usage.pressure.io) },
    },
  };
}

export function isRunning({ container }: ContainerStats): boolean {
  return container.state === 'RUNNING';
}

function containerAttributes({ id, config }: ContainerView): ContainerAttributes {
  const { metadata, labels, annotations } = config;
  return { id, metadata, labels, annotations };
}

function sandboxAttributes({ id, config }: SandboxView): PodSandboxAttributes {
  const { metadata, labels, annotations } = config;
  return { id, metadata, labels, annotations };
}

function cpuUsage({ usageNs, nanoCores }: CpuStats, pressure: Pressure | undefined, timestamp: Nanos): CpuUsage {
  return {
    timestamp,
    usageCoreNanoSeconds: uint64(usageNs),
    usageNanoCores: optional(nanoCores),
    psi: pressure === undefined ? null : psi(pressure),
  };
}

function memoryUsage(memory: MemoryStats, pressure: Pressure | undefined, timestamp: Nanos): MemoryUsage {
  return {
    timestamp,
    workingSetBytes: uint64(memory.workingSet),
    availableBytes: optional(memory.available),
    usageBytes: uint64(memory.usage),
    rssBytes: uint64(memory.anonymous),
    pageFaults: uint64(memory.pageFaults),
    majorPageFaults: uint64(memory.majorPageFaults),
    psi: pressure === undefined ? null : psi(pressure),
  };
}

function swapUsage({ usage, available }: SwapStats, timestamp: Nanos): SwapUsage {
  return { timestamp, swapUsageBytes: uint64(usage), swapAvailableBytes: optional(available) };
}

function filesystemUsage({ at, bytes, inodes }: WritableLayer, mountpoint: string): FilesystemUsage {
  return { timestamp: at, fsId: { mountpoint }, usedBytes: uint64(bytes), inodesUsed: uint64(inodes) };
}

function interfaceUsage(counters: InterfaceStats): NetworkInterfaceUsage {
  return {
    name: counters.name,
    rxBytes: { value: counters.rxBytes },
    rxErrors: { value: counters.rxErrors },
    txBytes: { value: counters.txBytes },
    txErrors: { value: counters.txErrors },
  };
}

function psi({ some, full }: Pressure): PsiStats {
  return { Some: psiData(some), Full: psiData(full) };
}

function psiData({ totalNs, avg10, avg60, avg300 }: PressureLine): PsiData {
  return { Total: totalNs.toString(), Avg10: avg10, Avg60: avg60, Avg300: avg300 };
}

function uint64(value: bigint): UInt64Value {
  return { value: value.toString() };
}

function optional(value: bigint | undefined): UInt64Value | null {
  return value === undefined ? null : uint64(value);
}
