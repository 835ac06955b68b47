/** A pod's limits as files of its sandbox's group on the host. Pure. */
import { type BoxConfig, VMM_OWN_MIB } from '../box-config.ts';
import type { SandboxConfig } from '../model.ts';
import type { Controller } from './hierarchy.ts';

/** What is not limited is absent. */
export interface CgroupLimits {
  readonly memoryBytes?: number;
  readonly cpu?: { readonly quota: number; readonly period: number };
  readonly cpuShares?: number;
}

export interface LimitFile {
  readonly controller: Controller;
  readonly file: string;
  readonly value: string;
}

const MIB = 1024 * 1024;
/** Page tables of both sides, per MiB of guest memory. */
const TABLE_SHARE = 128;

/**
 * What the pod may use, its RuntimeClass's overhead included. The memory is never less than the VM needs at its size: a limit that
 * the VMM cannot keep would be its death, and the guest's own size bounds the containers already.
 */
export function sandboxLimits(
  { resources, overhead }: Pick<SandboxConfig, 'resources' | 'overhead'>,
  { memoryMiB }: Pick<BoxConfig, 'memoryMiB'>,
): CgroupLimits {
  if (resources === undefined) return {};
  const { memoryLimitBytes, cpuQuota, cpuPeriod, cpuShares } = resources;
  const vm = (memoryMiB + 2 * VMM_OWN_MIB + Math.ceil(memoryMiB / TABLE_SHARE)) * MIB;
  const extra = overhead === undefined || overhead.cpuPeriod <= 0 ? 0 : overhead.cpuQuota / overhead.cpuPeriod;
  return {
    ...(memoryLimitBytes > 0 && {
      memoryBytes: Math.max(vm, memoryLimitBytes + (overhead?.memoryLimitBytes ?? 0)),
    }),
    ...(cpuQuota > 0 &&
      cpuPeriod > 0 && { cpu: { quota: cpuQuota + Math.round(extra * cpuPeriod), period: cpuPeriod } }),
    ...(cpuShares > 0 && { cpuShares: cpuShares + (overhead?.cpuShares ?? 0) }),
  };
}

/** The files to write, and what into them (cgroups(7), Documentation/admin-guide/cgroup-v2.rst). */
export function limitFiles(version: 1 | 2, { memoryBytes, cpu, cpuShares }: CgroupLimits): readonly LimitFile[] {
  const files: LimitFile[] = [];
  const set = (controller: Controller, file: string, value: number | string): void => {
    files.push({ controller, file, value: String(value) });
  };
  if (memoryBytes !== undefined) set('memory', version === 2 ? 'memory.max' : 'memory.limit_in_bytes', memoryBytes);
  if (cpu !== undefined && version === 2) set('cpu', 'cpu.max', `${cpu.quota} ${cpu.period}`);
  if (cpu !== undefined && version === 1) {
    set('cpu', 'cpu.cfs_period_us', cpu.period);
    set('cpu', 'cpu.cfs_quota_us', cpu.quota);
  }
  if (cpuShares !== undefined && version === 2) set('cpu', 'cpu.weight', weightOf(cpuShares));
  if (cpuShares !== undefined && version === 1) set('cpu', 'cpu.shares', cpuShares);
  return files;
}

/** cpu.shares of 2 to 262144 become a weight of 1 to 10000, as every runtime maps them. */
export function weightOf(shares: number): number {
  const within = Math.min(262_144, Math.max(2, shares));
  return 1 + Math.floor(((within - 2) * 9999) / 262_142);
}
