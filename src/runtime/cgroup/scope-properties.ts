/** A sandbox's scope in systemd's words: properties of a unit, as `busctl` takes them. Pure. */
import type { Scope } from './cgroup-path.ts';
import { type CgroupLimits, weightOf } from './limits.ts';

/** A property's name, its D-Bus type and its value, the way busctl(1) writes them. */
export type UnitProperty = readonly [name: string, type: string, ...value: readonly string[]];

const MICROS = 1_000_000;

/** Of a new scope that begins with the process `pid` (systemd.scope(5), systemd.resource-control(5)). */
export function scopeProperties({ unit, slice }: Scope, limits: CgroupLimits, pid: number): readonly UnitProperty[] {
  return [
    ['Description', 's', `VM of a3s-box sandbox ${unit}`],
    ['Slice', 's', slice],
    ['PIDs', 'au', '1', String(pid)],
    // systemd keeps out of what lies below it, and hands all controllers down to it
    ['Delegate', 'b', 'true'],
    ['CPUAccounting', 'b', 'true'],
    ['MemoryAccounting', 'b', 'true'],
    ['TasksAccounting', 'b', 'true'],
    // at shutdown it ends last of all: kubelet and the daemon stop their pods before
    ['DefaultDependencies', 'b', 'false'],
    // nothing of it is kept when it has failed
    ['CollectMode', 's', 'inactive-or-failed'],
    ...limitProperties(limits),
  ];
}

/** systemd translates them where cgroups are of version 1. */
export function limitProperties({ memoryBytes, cpu, cpuShares }: CgroupLimits): readonly UnitProperty[] {
  const properties: UnitProperty[] = [];
  const set = (name: string, value: number): void => void properties.push([name, 't', String(value)]);
  if (memoryBytes !== undefined) set('MemoryMax', memoryBytes);
  if (cpu !== undefined) {
    set('CPUQuotaPerSecUSec', Math.round((cpu.quota / cpu.period) * MICROS));
    set('CPUQuotaPeriodUSec', cpu.period);
  }
  if (cpuShares !== undefined) set('CPUWeight', weightOf(cpuShares));
  return properties;
}

/** The arguments of an `a(sv)`. */
export function busctlArray(properties: readonly UnitProperty[]): readonly string[] {
  return [String(properties.length), ...properties.flat()];
}
