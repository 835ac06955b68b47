/** The daemon's configuration: one schema for the TOML file, the flags and `config dump`. */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { LOG_LEVELS } from '../observe/log.ts';
import { durationSchema, sizeSchema } from './units.ts';

const installed = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** A streaming URL's token is its only secret, and it travels in the clear. */
const loopback = z.union([z.ipv4(), z.ipv6()]).refine((address) => address.startsWith('127.') || address === '::1', {
  error: 'must be a loopback address, such as 127.0.0.1 or ::1',
});

const absolute = z.string().refine((path) => path.startsWith('/'), { error: 'must be an absolute path' });

const listen = z
  .string()
  .refine((address) => /^unix:\/\/\/./.test(address), { error: 'must be unix:///absolute/path' });

/** The keys as they are written; every one has a default, and an unknown one is an error. */
export const settingsSchema = z.strictObject({
  listen: listen.default('unix:///run/a3s-box/a3s-box.sock'),
  root: absolute.default('/var/lib/a3s-box'),
  state: absolute.default('/run/a3s-box'),
  registry_config: absolute.default('/etc/a3s-box/certs.d'),
  log_level: z.enum(LOG_LEVELS).default('info'),
  /** Size of a sandbox's scratch disk: what its containers may write. The file is sparse. */
  scratch_size: z.string().default('10GiB'),
  /** Guest memory and processors of pods that name no limits. */
  default_memory: z.string().default('512MiB'),
  default_vcpus: z.int().min(1).max(16).default(1),
  boot_timeout: z.string().default('60s'),
  /** How long a guest's heartbeat may stay away before its VM is ended; it beats three times as often. */
  heartbeat_timeout: z.string().default('30s'),
  /** How many VMs boot at a time; the others wait in order. By default as many as there are processors. */
  parallel_boots: z.int().min(1).default(availableParallelism),
  /** A host without room for another VM refuses it: so many at most, and so much memory and disk are kept free of them. */
  max_sandboxes: z.int().min(1).default(250),
  memory_reserve: z.string().default('512MiB'),
  disk_reserve: z.string().default('512MiB'),
  /** How many times the host's memory may be promised to VMs, which take it as they use it. Above 1 the host may run out of it. */
  memory_overcommit: z.number().min(1).default(1),
  /** In whose words kubelet names pods' cgroups; auto: systemd's where it runs the host. none: sandboxes get no cgroup. */
  cgroup_driver: z.enum(['auto', 'cgroupfs', 'systemd', 'none']).default('auto'),
  /** CNI: the first configuration by name in this folder is the pods' network; plugins are looked for in the folders in turn. */
  cni_conf_dir: absolute.default('/etc/cni/net.d'),
  cni_bin_dirs: z.array(absolute).min(1).default(['/opt/cni/bin', '/usr/lib/cni']),
  /** How long all plugins of a network together may take to attach or detach a pod. */
  cni_timeout: z.string().default('60s'),
  /** Send GC (CNI 1.1) at start. Only if no other runtime's pods are on the same network: they would lose their addresses. */
  cni_gc: z.boolean().default(false),
  /** Without a CNI configuration: a bridge of our own, one range per address family, masquerade, host ports. */
  default_network: z.boolean().default(true),
  default_network_bridge: z
    .string()
    .regex(/^[a-zA-Z][a-zA-Z0-9_.-]{0,14}$/, { error: 'must be an interface name of at most 15 letters' })
    .default('a3s0'),
  default_network_subnets: z
    .array(z.union([z.cidrv4(), z.cidrv6()]))
    .min(1)
    .max(2)
    .default(['10.88.0.0/16', 'fd00:a3:b0c5::/64']),
  /** Where exec, attach and port-forward connect to, when CRI has given them a URL. Port 0: a free one. */
  stream_address: loopback.default('127.0.0.1'),
  stream_port: z.int().min(0).max(65_535).default(0),
  libkrun: absolute.default(installed('build/krun/libkrun.so')),
  /** Folder of libkrunfw.so.5. */
  kernel: absolute.default(installed('build/kernel')),
  guest_init: absolute.default(installed('build/guest/init.krun')),
});
export type Settings = z.infer<typeof settingsSchema>;

const MIB = 1024 * 1024;
const MIN_MEMORY_MIB = 128;
const MIN_HEARTBEAT_MS = 1_000;

/** The configuration as the daemon uses it: numbers in bytes and milliseconds. */
export interface DaemonConfig {
  readonly socket: string;
  readonly root: string;
  readonly state: string;
  readonly registryConfig: string;
  readonly logLevel: Settings['log_level'];
  readonly scratchBytes: number;
  readonly defaultMemoryMiB: number;
  readonly defaultVcpus: number;
  readonly bootTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly admission: {
    readonly parallelBoots: number;
    readonly maxSandboxes: number;
    readonly memoryReserveMiB: number;
    readonly memoryOvercommit: number;
    readonly diskReserveBytes: number;
  };
  readonly cgroupDriver: Settings['cgroup_driver'];
  readonly cni: {
    readonly confDir: string;
    readonly binDirs: readonly string[];
    readonly timeoutMs: number;
    readonly gc: boolean;
    readonly defaultNetwork: { readonly bridge: string; readonly subnets: readonly string[] } | undefined;
  };
  readonly streaming: { readonly address: string; readonly port: number };
  readonly libkrun: string;
  readonly kernelDir: string;
  readonly guestInit: string;
  readonly shim: string;
}

const resolvedSchema = z.object({
  scratch_size: sizeSchema,
  default_memory: sizeSchema.refine((bytes) => bytes >= MIN_MEMORY_MIB * MIB, {
    error: `must be at least ${MIN_MEMORY_MIB}MiB: the guest kernel needs it`,
  }),
  boot_timeout: durationSchema,
  heartbeat_timeout: durationSchema.refine((ms) => ms >= MIN_HEARTBEAT_MS, {
    error: 'must be at least 1s: a busy guest would be taken for a dead one',
  }),
  memory_reserve: sizeSchema,
  disk_reserve: sizeSchema,
  cni_timeout: durationSchema,
});

/** Throws z.ZodError for a size or duration that is none. */
export function resolveSettings(settings: Settings): DaemonConfig {
  const resolved = resolvedSchema.parse(settings);
  const { scratch_size, default_memory, boot_timeout, heartbeat_timeout, cni_timeout } = resolved;
  return {
    socket: settings.listen.slice('unix://'.length),
    root: settings.root,
    state: settings.state,
    registryConfig: settings.registry_config,
    logLevel: settings.log_level,
    scratchBytes: scratch_size,
    defaultMemoryMiB: Math.floor(default_memory / MIB),
    defaultVcpus: settings.default_vcpus,
    bootTimeoutMs: boot_timeout,
    heartbeatMs: heartbeat_timeout,
    cgroupDriver: settings.cgroup_driver,
    admission: {
      parallelBoots: settings.parallel_boots,
      maxSandboxes: settings.max_sandboxes,
      memoryReserveMiB: Math.floor(resolved.memory_reserve / MIB),
      memoryOvercommit: settings.memory_overcommit,
      diskReserveBytes: resolved.disk_reserve,
    },
    cni: {
      confDir: settings.cni_conf_dir,
      binDirs: settings.cni_bin_dirs,
      timeoutMs: cni_timeout,
      gc: settings.cni_gc,
      defaultNetwork: settings.default_network
        ? { bridge: settings.default_network_bridge, subnets: settings.default_network_subnets }
        : undefined,
    },
    streaming: { address: settings.stream_address, port: settings.stream_port },
    libkrun: settings.libkrun,
    kernelDir: settings.kernel,
    guestInit: settings.guest_init,
    shim: installed('dist/shim/shim.cjs'),
  };
}
