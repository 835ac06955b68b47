/** (ContainerConfig, ImageConfig, BoxConfig, mounts) → OCI runtime spec: a pure function. */

import { BoxError } from '../errors.ts';
import type { ImageConfig } from '../image/image-service.ts';
import type { BoxConfig } from './box-config.ts';
import { capabilitySets, unknownCapabilities } from './capabilities.ts';
import type { ContainerConfig, ContainerSecurity, NamespaceMode } from './model.ts';
import { containerMounts, type GuestMount } from './oci-mounts.ts';
import { ociResources } from './oci-resources.ts';
import type { OciNamespace, OciSpec } from './oci-types.ts';

const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What runc and containerd hide by default (proc and sys entries that leak or change kernel state). */
const MASKED_PATHS = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];
const READONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

export interface OciSpecInput {
  readonly config: ContainerConfig;
  readonly image: ImageConfig;
  readonly box: BoxConfig;
  readonly mounts: readonly GuestMount[];
}

/** INVALID_REQUEST if there is nothing to run or a capability does not exist. */
export function ociSpec({ config, image, box, mounts }: OciSpecInput): OciSpec {
  const { security } = config;
  checkCapabilities(security);
  return {
    ociVersion: '1.2.0',
    hostname: box.hostname,
    root: { path: 'rootfs', readonly: security.readonlyRootfs },
    process: {
      terminal: config.tty,
      user: { uid: 0, gid: 0 },
      args: processArgs(config, image),
      env: processEnv(config, image, box),
      cwd: config.workingDir || image.workingDir || '/',
      capabilities: capabilitySets(security),
      noNewPrivileges: security.noNewPrivs,
      ...(config.resources === undefined ? {} : { oomScoreAdj: config.resources.oomScoreAdj }),
    },
    mounts: containerMounts(security, box, [...config.devices.map(deviceMount), ...mounts]),
    linux: {
      namespaces: namespaces(security),
      maskedPaths: hiddenPaths(security, security.maskedPaths, MASKED_PATHS),
      readonlyPaths: hiddenPaths(security, security.readonlyPaths, READONLY_PATHS),
      resources: config.resources === undefined ? {} : ociResources(config.resources, box),
    },
    annotations: { 'a3s.user': JSON.stringify(requestedUser(security, image)) },
  };
}

/** Kubernetes' command and args over the image's ENTRYPOINT and CMD. */
export function processArgs(
  config: Pick<ContainerConfig, 'command' | 'args' | 'metadata'>,
  image: ImageConfig,
): readonly string[] {
  const args = config.args.length > 0 || config.command.length > 0 ? config.args : image.cmd;
  const command = config.command.length > 0 ? config.command : image.entrypoint;
  const all = [...command, ...args];
  if (all.length === 0) {
    throw new BoxError(
      'INVALID_REQUEST',
      `container ${config.metadata.name} has nothing to run: give it a command, the image has neither entrypoint nor cmd`,
    );
  }
  return all;
}

/** Later settings of one name replace earlier ones: default PATH, image, HOSTNAME, container. */
function processEnv(config: ContainerConfig, image: ImageConfig, box: BoxConfig): readonly string[] {
  const env = new Map<string, string>();
  const set = (entry: string): void => {
    env.set(entry.split('=', 1)[0] ?? '', entry);
  };
  set(DEFAULT_PATH);
  for (const entry of image.env) set(entry);
  set(`HOSTNAME=${box.hostname}`);
  for (const { key, value } of config.envs) set(`${key}=${value}`);
  return [...env.values()];
}

function namespaces({ namespaces: mode }: ContainerSecurity): readonly OciNamespace[] {
  const own: OciNamespace[] = [{ type: 'mount' }, { type: 'uts' }, { type: 'cgroup' }];
  if (isOwn(mode.pid)) own.push({ type: 'pid' });
  if (isOwn(mode.ipc)) own.push({ type: 'ipc' });
  return own;
}

/** POD (and NODE, which for a VM is the pod) means the guest's own namespace. */
export function isOwn(mode: NamespaceMode): boolean {
  return mode === 'CONTAINER';
}

/** An empty list from CRI means the defaults; a privileged container has none. */
function hiddenPaths(
  security: ContainerSecurity,
  asked: readonly string[],
  defaults: readonly string[],
): readonly string[] {
  if (security.privileged) return [];
  return asked.length > 0 ? asked : defaults;
}

/** A device node of the guest's, shown elsewhere. */
function deviceMount({ hostPath, containerPath }: ContainerConfig['devices'][number]): GuestMount {
  return { containerPath, guestPath: hostPath, readonly: false };
}

interface RequestedUser {
  readonly user: string;
  readonly group?: number;
  readonly supplementalGroups: readonly number[];
  readonly policy: 'Merge' | 'Strict';
}

/** CRI's user over the image's USER. A group without a user was refused when the request was read. */
function requestedUser(security: ContainerSecurity, image: ImageConfig): RequestedUser {
  const asked = security.runAsUser === undefined ? security.runAsUsername : String(security.runAsUser);
  return {
    user: asked || image.user,
    ...(security.runAsGroup === undefined ? {} : { group: security.runAsGroup }),
    supplementalGroups: security.supplementalGroups,
    policy: security.supplementalGroupsPolicy,
  };
}

function checkCapabilities(security: ContainerSecurity): void {
  const { addCapabilities, dropCapabilities, addAmbientCapabilities } = security;
  const unknown = unknownCapabilities([...addCapabilities, ...dropCapabilities, ...addAmbientCapabilities]);
  if (unknown.length > 0) {
    throw new BoxError(
      'INVALID_REQUEST',
      `unknown capability ${unknown.join(', ')}: see capabilities(7) for the names`,
    );
  }
}
