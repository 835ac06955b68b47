/** PodSandboxConfig → BoxConfig: what the VM is made of. A pure function. */
import { z } from 'zod';
import type { Resources, SandboxConfig } from './model.ts';

export const boxConfigSchema = z.object({
  vcpus: z.number().int(),
  memoryMiB: z.number().int(),
  scratchBytes: z.number().int(),
  shmBytes: z.number().int(),
  hostname: z.string(),
  sysctls: z.record(z.string(), z.string()),
});
export type BoxConfig = z.infer<typeof boxConfigSchema>;

export interface BoxDefaults {
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly scratchBytes: number;
}

const MIB = 1024 * 1024;
/** libkrunfw's kernel has NR_CPUS=16. */
const MAX_VCPUS = 16;
/** The guest kernel, its page tables and guest-init, on top of what the containers may use. */
const GUEST_OWN_MIB = 96;
/** The VMM and its shim beside the guest's memory, which the overhead pays for too (SPECIFICATION.md has 14 MiB). */
export const VMM_OWN_MIB = 16;
/** Below this the guest kernel does not reach init. */
const MIN_MEMORY_MIB = 128;
const SHM_BYTES = 64 * MIB;
/** A host name longer than this is refused by sethostname(2). */
const MAX_HOSTNAME = 63;

/** The VM for a pod: sized by the pod's resources where kubelet gives them, else by the defaults. */
export function boxConfig(config: SandboxConfig, sandboxId: string, defaults: BoxDefaults): BoxConfig {
  const hostname = (config.hostname || sandboxId.slice(0, 12)).slice(0, MAX_HOSTNAME);
  return {
    vcpus: vcpusFor(config.resources, defaults.vcpus),
    memoryMiB: memoryFor(config, defaults.memoryMiB),
    scratchBytes: defaults.scratchBytes,
    shmBytes: SHM_BYTES,
    hostname,
    sysctls: config.sysctls,
  };
}

function vcpusFor(resources: Resources | undefined, fallback: number): number {
  if (resources === undefined || resources.cpuQuota <= 0 || resources.cpuPeriod <= 0) return fallback;
  return Math.min(MAX_VCPUS, Math.max(1, Math.ceil(resources.cpuQuota / resources.cpuPeriod)));
}

/** What the containers may use and what the guest needs itself: more of it if the RuntimeClass's overhead pays for more. */
function memoryFor({ resources, overhead }: SandboxConfig, fallback: number): number {
  if (resources === undefined || resources.memoryLimitBytes <= 0) return fallback;
  const paid = Math.floor((overhead?.memoryLimitBytes ?? 0) / MIB) - VMM_OWN_MIB;
  return Math.max(MIN_MEMORY_MIB, Math.ceil(resources.memoryLimitBytes / MIB) + Math.max(GUEST_OWN_MIB, paid));
}
