/**
 * The runtime's own words for CRI objects. They are zod schemas because the same shapes are read back from disk
 * (`sandbox.json`, `containers/<id>.json`); generated CRI types never leave src/cri.
 *
 * Conventions: sizes in bytes, times as decimal strings of nanoseconds since the epoch (int64 does not fit a number),
 * '' and absent mean the same as in CRI.
 */
import { z } from 'zod';

const labels = z.record(z.string(), z.string());

/** Nanoseconds since the epoch as a decimal string; '0' means "not yet". */
export const nanosSchema = z.string().regex(/^\d+$/);
export type Nanos = z.infer<typeof nanosSchema>;

export const resourcesSchema = z.object({
  cpuPeriod: z.number().int(),
  cpuQuota: z.number().int(),
  cpuShares: z.number().int(),
  memoryLimitBytes: z.number().int(),
  memorySwapLimitBytes: z.number().int(),
  oomScoreAdj: z.number().int(),
  cpusetCpus: z.string(),
  cpusetMems: z.string(),
  unified: labels,
});
export type Resources = z.infer<typeof resourcesSchema>;

export const namespaceModeSchema = z.enum(['POD', 'CONTAINER', 'NODE', 'TARGET']);
export type NamespaceMode = z.infer<typeof namespaceModeSchema>;

export const namespacesSchema = z.object({
  network: namespaceModeSchema,
  pid: namespaceModeSchema,
  ipc: namespaceModeSchema,
  targetId: z.string(),
});
export type Namespaces = z.infer<typeof namespacesSchema>;

export const podMetadataSchema = z.object({
  name: z.string(),
  uid: z.string(),
  namespace: z.string(),
  attempt: z.number().int(),
});
export type PodMetadata = z.infer<typeof podMetadataSchema>;

export const sandboxConfigSchema = z.object({
  metadata: podMetadataSchema,
  hostname: z.string(),
  logDirectory: z.string(),
  dns: z.object({
    servers: z.array(z.string()),
    searches: z.array(z.string()),
    options: z.array(z.string()),
  }),
  portMappings: z.array(
    z.object({
      protocol: z.enum(['TCP', 'UDP', 'SCTP']),
      containerPort: z.number().int(),
      hostPort: z.number().int(),
      hostIp: z.string(),
    }),
  ),
  labels,
  annotations: labels,
  cgroupParent: z.string(),
  sysctls: labels,
  namespaces: namespacesSchema,
  privileged: z.boolean(),
  overhead: resourcesSchema.optional(),
  resources: resourcesSchema.optional(),
});
export type SandboxConfig = z.infer<typeof sandboxConfigSchema>;

export const mountSchema = z.object({
  containerPath: z.string(),
  /** '' for an image volume. */
  hostPath: z.string(),
  readonly: z.boolean(),
  recursiveReadonly: z.boolean(),
  propagation: z.enum(['PRIVATE', 'HOST_TO_CONTAINER', 'BIDIRECTIONAL']),
  selinuxRelabel: z.boolean(),
  /** An image volume: what CRI named as the image and what the user wrote. */
  image: z.object({ image: z.string(), userSpecifiedImage: z.string() }).optional(),
  /** The part of the image to mount; '' for all of it. */
  imageSubPath: z.string().default(''),
});
export type Mount = z.infer<typeof mountSchema>;

/** A device node of the guest that a container wants besides the standard ones. */
export const deviceSchema = z.object({
  hostPath: z.string(),
  containerPath: z.string(),
  /** Letters of `rwm`. */
  permissions: z.string(),
});
export type Device = z.infer<typeof deviceSchema>;

/** Which filter of system calls; a Localhost profile is a file on the host. */
export const seccompSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('Unconfined') }),
  z.object({ type: z.literal('RuntimeDefault') }),
  z.object({ type: z.literal('Localhost'), path: z.string() }),
]);
export type Seccomp = z.infer<typeof seccompSchema>;

export const containerSecuritySchema = z.object({
  /** Who the process runs as: a number, a name, or '' for the image's USER. */
  runAsUser: z.number().int().optional(),
  runAsUsername: z.string(),
  runAsGroup: z.number().int().optional(),
  supplementalGroups: z.array(z.number().int()),
  supplementalGroupsPolicy: z.enum(['Merge', 'Strict']),
  privileged: z.boolean(),
  addCapabilities: z.array(z.string()),
  dropCapabilities: z.array(z.string()),
  addAmbientCapabilities: z.array(z.string()),
  noNewPrivs: z.boolean(),
  readonlyRootfs: z.boolean(),
  maskedPaths: z.array(z.string()),
  readonlyPaths: z.array(z.string()),
  namespaces: namespacesSchema,
  seccomp: seccompSchema.default({ type: 'Unconfined' }),
});
export type ContainerSecurity = z.infer<typeof containerSecuritySchema>;

export const containerConfigSchema = z.object({
  metadata: z.object({ name: z.string(), attempt: z.number().int() }),
  /** What CRI named as the image (an id, normally) and what the user wrote. */
  image: z.string(),
  userSpecifiedImage: z.string(),
  command: z.array(z.string()),
  args: z.array(z.string()),
  workingDir: z.string(),
  envs: z.array(z.object({ key: z.string(), value: z.string() })),
  mounts: z.array(mountSchema),
  devices: z.array(deviceSchema).default([]),
  labels,
  annotations: labels,
  logPath: z.string(),
  stdin: z.boolean(),
  stdinOnce: z.boolean(),
  tty: z.boolean(),
  /** A signal name such as `SIGQUIT`, or '' for the image's or SIGTERM. */
  stopSignal: z.string(),
  resources: resourcesSchema.optional(),
  security: containerSecuritySchema,
});
export type ContainerConfig = z.infer<typeof containerConfigSchema>;

export type SandboxState = 'READY' | 'NOTREADY';
export type ContainerState = 'CREATED' | 'RUNNING' | 'EXITED';

/** A sandbox as lists and status calls show it: a snapshot, safe to keep. */
export interface SandboxView {
  readonly id: string;
  readonly config: SandboxConfig;
  readonly handler: string;
  readonly state: SandboxState;
  /** Why it is NOTREADY, with the console's tail if the VM died; '' while READY. */
  readonly reason: string;
  readonly createdAt: Nanos;
  /** Pod addresses, the primary one first; empty without a pod network. */
  readonly ips: readonly string[];
}

export interface ContainerUser {
  readonly uid: number;
  readonly gid: number;
  readonly supplementalGroups: readonly number[];
}

/** A container as lists and status calls show it. */
export interface ContainerView {
  readonly id: string;
  readonly sandboxId: string;
  readonly config: ContainerConfig;
  readonly imageId: string;
  /** The name to show for the image: a tag or digest if it has one, else its id. */
  readonly imageName: string;
  readonly state: ContainerState;
  readonly createdAt: Nanos;
  readonly startedAt: Nanos;
  readonly finishedAt: Nanos;
  readonly exitCode: number;
  /** `Completed`, `Error`, `OOMKilled`, `StartError`, `Unknown` or ''. */
  readonly reason: string;
  readonly message: string;
  /** Absolute, or '' if the container has no log. */
  readonly logPath: string;
  readonly stopSignal: string;
  readonly user?: ContainerUser;
  /** The ids of the images behind its image volumes, by container path. */
  readonly volumeImages: Readonly<Record<string, string>>;
}

export interface ExecResult {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly exitCode: number;
}

/** One check of the machine as `Status` reports it. */
export interface Condition {
  readonly type: 'RuntimeReady' | 'NetworkReady';
  readonly status: boolean;
  readonly reason: string;
  readonly message: string;
}
