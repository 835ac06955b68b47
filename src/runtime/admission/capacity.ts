/** Whether a host has room for one more VM, and what is short if not. Pure. */
import { type BoxConfig, VMM_OWN_MIB } from '../box-config.ts';

export interface CapacityLimits {
  readonly maxSandboxes: number;
  /** What VMs leave to the host. */
  readonly memoryReserveMiB: number;
  /** How many times the rest may be promised to VMs: a guest takes its memory page by page, as it uses it. */
  readonly memoryOvercommit: number;
  /** Free space that sandboxes leave on the disk of the root folder. */
  readonly diskReserveBytes: number;
}

export interface HostResources {
  readonly memoryMiB: number;
  readonly diskFreeBytes: number;
}

const MIB = 1024 * 1024;

/** One sentence that says what is short and by how much; '' if there is room beside the VMs that are there. */
export function shortage(
  box: Pick<BoxConfig, 'memoryMiB'>,
  others: readonly Pick<BoxConfig, 'memoryMiB'>[],
  host: HostResources,
  limits: CapacityLimits,
): string {
  if (others.length >= limits.maxSandboxes) {
    return `${others.length} sandboxes run and max_sandboxes is ${limits.maxSandboxes}: remove some or raise it`;
  }
  const usable = usableMiB(host, limits);
  const held = others.reduce((sum, { memoryMiB }) => sum + withVmm(memoryMiB), 0);
  const missing = held + withVmm(box.memoryMiB) - usable;
  if (missing > 0) {
    return (
      `memory is short by ${missing} MiB: the VM needs ${withVmm(box.memoryMiB)} MiB, ${others.length} others have ${held} MiB ` +
      `of the ${usable} MiB for VMs (${host.memoryMiB} MiB less memory_reserve, times memory_overcommit): remove pods or lower their limits`
    );
  }
  const lacking = limits.diskReserveBytes - host.diskFreeBytes;
  if (lacking > 0) {
    return `disk space is short by ${Math.ceil(lacking / MIB)} MiB: ${Math.floor(host.diskFreeBytes / MIB)} MiB are free for scratch disks and disk_reserve is ${limits.diskReserveBytes / MIB} MiB: free some or lower it`;
  }
  return '';
}

/** What may be promised to VMs. */
export function usableMiB(
  { memoryMiB }: Pick<HostResources, 'memoryMiB'>,
  { memoryReserveMiB, memoryOvercommit }: Pick<CapacityLimits, 'memoryReserveMiB' | 'memoryOvercommit'>,
): number {
  return Math.floor((memoryMiB - memoryReserveMiB) * memoryOvercommit);
}

/** What a VM of this size takes of it. */
export function withVmm(memoryMiB: number): number {
  return memoryMiB + VMM_OWN_MIB;
}
