/** PodSandboxConfig → BoxConfig: what the VM is made of. A pure function. */
import { z } from 'zod';
import type { Resources, SandboxConfig } from './model.ts';

export const boxConfigSchema = z.object({
  vcpus: z.number().int(),
  memoryMiB: z.number().int(),
  scratchBytes: z.number().int(),
  shmBytes: z.number().int(),
  hostname: z.string(),
  resolvConf: z.string(),
  hosts: z.string(),
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
    memoryMiB: memoryFor(config.resources, defaults.memoryMiB),
    scratchBytes: defaults.scratchBytes,
    shmBytes: SHM_BYTES,
    hostname,
    resolvConf: resolvConf(config.dns),
    hosts: `127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.1.1\t${hostname}\n`,
    sysctls: config.sysctls,
  };
}

function vcpusFor(resources: Resources | undefined, fallback: number): number {
  if (resources === undefined || resources.cpuQuota <= 0 || resources.cpuPeriod <= 0) return fallback;
  return Math.min(MAX_VCPUS, Math.max(1, Math.ceil(resources.cpuQuota / resources.cpuPeriod)));
}

function memoryFor(resources: Resources | undefined, fallback: number): number {
  if (resources === undefined || resources.memoryLimitBytes <= 0) return fallback;
  return Math.max(MIN_MEMORY_MIB, Math.ceil(resources.memoryLimitBytes / MIB) + GUEST_OWN_MIB);
}

/** resolv.conf(5) from dns_config; without one, an empty file: the host's resolver may not be reachable from a pod. */
function resolvConf(dns: SandboxConfig['dns']): string {
  const lines = dns.servers.map((server) => `nameserver ${server}`);
  if (dns.searches.length > 0) lines.push(`search ${dns.searches.join(' ')}`);
  if (dns.options.length > 0) lines.push(`options ${dns.options.join(' ')}`);
  return lines.map((line) => `${line}\n`).join('');
}
