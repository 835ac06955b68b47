/** What sandboxes and containers use. Counts are bigints, because 64 bits do not fit a number; sizes in bytes, times in nanoseconds. */
import type { ContainerView, Nanos, SandboxView } from '../model.ts';
import type { InterfaceStats } from '../network/pod-network.ts';

export interface CpuStats {
  readonly usageNs: bigint;
  readonly userNs: bigint;
  readonly systemNs: bigint;
  /** Enforcement periods of the CPU quota, and how many of them the container stood still in; 0 without a quota. */
  readonly periods: bigint;
  readonly throttledPeriods: bigint;
  readonly throttledNs: bigint;
  /** Nanoseconds per second between the last two samples; undefined before there are two. */
  readonly nanoCores: bigint | undefined;
}

export interface MemoryStats {
  readonly usage: bigint;
  /** Usage less what the kernel would give up first (inactive page cache): what eviction looks at. */
  readonly workingSet: bigint;
  /** Limit less working set; undefined without a limit. */
  readonly available: bigint | undefined;
  readonly peak: bigint;
  readonly anonymous: bigint;
  readonly cache: bigint;
  readonly mappedFiles: bigint;
  readonly activeFiles: bigint;
  readonly inactiveFiles: bigint;
  readonly kernel: bigint;
  readonly pageFaults: bigint;
  readonly majorPageFaults: bigint;
  readonly limitHits: bigint;
  readonly oomKills: bigint;
}

export interface SwapStats {
  readonly usage: bigint;
  readonly available: bigint | undefined;
}

/** Percent of the time in which some or all tasks waited, over 10, 60 and 300 seconds, and the whole time since the start. */
export interface PressureLine {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  readonly totalNs: bigint;
}

export interface Pressure {
  readonly some: PressureLine;
  readonly full: PressureLine;
}

export interface DeviceIo {
  readonly major: number;
  readonly minor: number;
  readonly readBytes: bigint;
  readonly writtenBytes: bigint;
  readonly reads: bigint;
  readonly writes: bigint;
}

export interface Usage {
  readonly cpu: CpuStats;
  readonly memory: MemoryStats;
  /** Undefined if the guest's kernel has no swap. */
  readonly swap: SwapStats | undefined;
  readonly processes: bigint;
  readonly threads: bigint;
  /** Undefined: no limit. */
  readonly threadsMax: bigint | undefined;
  /** Each undefined if the guest's kernel has no PSI. */
  readonly pressure: {
    readonly cpu: Pressure | undefined;
    readonly memory: Pressure | undefined;
    readonly io: Pressure | undefined;
  };
  readonly io: readonly DeviceIo[];
  readonly hugePages: readonly { readonly size: string; readonly usage: bigint }[];
}

/** What a container has written to its root, as counted at `at`. */
export interface WritableLayer {
  readonly at: Nanos;
  readonly bytes: bigint;
  readonly inodes: bigint;
}

export interface ProcessDetails {
  readonly openFiles: bigint;
  readonly sockets: bigint;
  /** The first process's soft limit; undefined: unlimited, or it has ended. */
  readonly maxOpenFiles: bigint | undefined;
}

export interface ContainerStats {
  readonly container: ContainerView;
  readonly at: Nanos;
  readonly usage: Usage;
  /** Undefined until it was counted once. */
  readonly writableLayer: WritableLayer | undefined;
  readonly details: ProcessDetails | undefined;
}

/** The disk in which all containers of a sandbox write. */
export interface ScratchDisk {
  /** A folder of the host on whose file system the disk is a file. */
  readonly mountpoint: string;
  readonly bytes: bigint;
  readonly inodes: bigint;
  readonly freeInodes: bigint;
}

export interface SandboxStats {
  readonly sandbox: SandboxView;
  readonly at: Nanos;
  /** Of the whole guest, its kernel included; its processes are the containers'. */
  readonly usage: Usage;
  /** Empty if it was not asked for, or the namespace could not be read. */
  readonly network: readonly InterfaceStats[];
  /** In every state; newest last. */
  readonly containers: readonly ContainerStats[];
  readonly scratch: ScratchDisk;
}

/** What is asked for: each is the one before it and more. */
export type StatsScope = 'containers' | 'network' | 'details';
