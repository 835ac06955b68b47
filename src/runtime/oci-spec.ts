/** (ContainerConfig, ImageConfig, BoxConfig, mounts) → OCI runtime spec: a pure function. */

import { BoxError } from '../errors.ts';
import type { ImageConfig } from '../image/image-service.ts';
import type { BoxConfig } from './box-config.ts';
import { capabilitySets, unknownCapabilities } from './capabilities.ts';
import type { ContainerConfig, ContainerSecurity, NamespaceMode } from './model.ts';
import { deviceRules } from './oci-devices.ts';
import { containerMounts, type GuestMount } from './oci-mounts.ts';
import { ociResources } from './oci-resources.ts';
import type { OciNamespace, OciSpec } from './oci-types.ts';

const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What a systemd service gets, and with it a container of containerd: select(2) works, and who needs more raises it. */
const OPEN_FILES = { type: 'RLIMIT_NOFILE', soft: 1024, hard: 524_288 };

export interface OciSpecInput {
  readonly config: ContainerConfig;
  readonly image: ImageConfig;
  readonly box: BoxConfig;
  readonly mounts: readonly GuestMount[];
}

/** INVALID_REQUEST if there is nothing to run or a capability does not exist, NOT_SUPPORTED for a device the guest has not. */
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
      rlimits: [OPEN_FILES],
    },
    mounts: containerMounts(config, box, mounts),
    linux: {
      namespaces: namespaces(security),
      // as they are: kubelet names its defaults, and none for procMount Unmasked
      maskedPaths: security.privileged ? [] : security.maskedPaths,
      readonlyPaths: security.privileged ? [] : security.readonlyPaths,
      resources: {
        ...(config.resources === undefined ? {} : ociResources(config.resources, box)),
        devices: deviceRules(config),
      },
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

/**
 * NODE, and POD for what is not about processes, means the guest's own namespace. TARGET is another container's, and POD's pid
 * namespace is one that the pod's containers share: the guest is told so, and joins it instead of making one.
 */
function isOwn(mode: NamespaceMode): boolean {
  return mode === 'CONTAINER' || mode === 'TARGET';
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
