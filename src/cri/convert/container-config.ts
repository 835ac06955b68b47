/** ContainerConfig → the runtime's. Pure; what is not built is refused, never dropped. */
import { BoxError } from '../../errors.ts';
import type { ContainerConfig, ContainerSecurity } from '../../runtime/model.ts';
import type { ContainerConfig__Output } from '../generated/runtime/v1/ContainerConfig.ts';
import type { KeyValue__Output } from '../generated/runtime/v1/KeyValue.ts';
import type { LinuxContainerSecurityContext__Output } from '../generated/runtime/v1/LinuxContainerSecurityContext.ts';
import { toDevice } from './devices.ts';
import { toMount } from './mounts.ts';
import { toNamespaces } from './namespaces.ts';
import { toNumber } from './numbers.ts';
import { toResources } from './resources.ts';
import { checkProfiles } from './security-profiles.ts';

export function toContainerConfig(config: ContainerConfig__Output | null): ContainerConfig {
  if (config === null) throw new BoxError('INVALID_REQUEST', 'the request has no container config');
  const { metadata, image } = config;
  if (metadata === null || metadata.name === '')
    throw new BoxError('INVALID_REQUEST', 'the container config has no metadata.name');
  if (image === null || image.image === '') {
    throw new BoxError('INVALID_REQUEST', `container ${metadata.name} names no image`);
  }
  refuseUnbuilt(config, metadata.name);
  return {
    metadata,
    image: image.image,
    userSpecifiedImage: image.userSpecifiedImage,
    command: config.command,
    args: config.args,
    workingDir: config.workingDir,
    envs: config.envs.map(toEnv),
    mounts: config.mounts.map(toMount),
    devices: config.devices.map(toDevice),
    labels: config.labels,
    annotations: config.annotations,
    logPath: config.logPath,
    stdin: config.stdin,
    stdinOnce: config.stdinOnce,
    tty: config.tty,
    stopSignal: toStopSignal(config.stopSignal),
    ...(config.linux?.resources ? { resources: toResources(config.linux.resources) } : {}),
    security: toSecurity(config.linux?.securityContext ?? null),
  };
}

/** CRI carries bytes; the OCI spec is JSON and can hold text only. */
function toEnv({ key, value }: KeyValue__Output): { key: string; value: string } {
  try {
    return { key, value: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value) };
  } catch (cause) {
    throw new BoxError('INVALID_REQUEST', `environment variable ${key} is not valid UTF-8`, { cause });
  }
}

function refuseUnbuilt(config: ContainerConfig__Output, name: string): void {
  if (config.CDIDevices.length > 0)
    throw new BoxError('NOT_SUPPORTED', `container ${name} wants CDI devices: a microVM has none`);
}

/** An absent security context means its zero values. */
function toSecurity(security: LinuxContainerSecurityContext__Output | null): ContainerSecurity {
  if (security !== null) checkProfiles(security);
  const runAsUser = security?.runAsUser ?? null;
  const runAsGroup = security?.runAsGroup ?? null;
  if (runAsGroup !== null && runAsUser === null && security?.runAsUsername === '') {
    throw new BoxError('INVALID_REQUEST', 'run_as_group needs run_as_user or run_as_username');
  }
  return {
    ...(runAsUser === null ? {} : { runAsUser: toNumber(runAsUser.value, 'run_as_user') }),
    runAsUsername: security?.runAsUsername ?? '',
    ...(runAsGroup === null ? {} : { runAsGroup: toNumber(runAsGroup.value, 'run_as_group') }),
    supplementalGroups: (security?.supplementalGroups ?? []).map((gid) => toNumber(gid, 'supplemental_groups')),
    supplementalGroupsPolicy: security?.supplementalGroupsPolicy ?? 'Merge',
    privileged: security?.privileged ?? false,
    addCapabilities: security?.capabilities?.addCapabilities ?? [],
    dropCapabilities: security?.capabilities?.dropCapabilities ?? [],
    addAmbientCapabilities: security?.capabilities?.addAmbientCapabilities ?? [],
    noNewPrivs: security?.noNewPrivs ?? false,
    readonlyRootfs: security?.readonlyRootfs ?? false,
    maskedPaths: security?.maskedPaths ?? [],
    readonlyPaths: security?.readonlyPaths ?? [],
    namespaces: toNamespaces(security?.namespaceOptions ?? null),
  };
}

/** CRI's enum spells `SIGRTMIN+3` as SIGRTMINPLUS3, because + cannot stand in a name. */
export function toStopSignal(signal: string): string {
  return signal === 'RUNTIME_DEFAULT' ? '' : signal.replace('PLUS', '+').replace('MINUS', '-');
}

/** The other way; anything CRI has no name for is RUNTIME_DEFAULT. */
export function fromStopSignal(signal: string): string {
  return signal.replace('+', 'PLUS').replace('-', 'MINUS');
}
