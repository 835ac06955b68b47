/** ContainerConfig → the runtime's. Pure; what is not built is refused, never dropped. */
import { BoxError } from '../../errors.ts';
import type { ContainerConfig } from '../../runtime/model.ts';
import type { ContainerConfig__Output } from '../generated/runtime/v1/ContainerConfig.ts';
import type { KeyValue__Output } from '../generated/runtime/v1/KeyValue.ts';
import { toMount } from './mounts.ts';
import { toResources } from './resources.ts';
import { toSecurity } from './security-context.ts';

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
    devices: config.devices,
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
  const [cdi] = config.CDIDevices;
  if (cdi !== undefined) {
    throw new BoxError(
      'NOT_SUPPORTED',
      `container ${name} wants CDI device ${cdi.name}: the host's devices do not reach a microVM, use another runtime class`,
    );
  }
}

/** CRI's enum spells `SIGRTMIN+3` as SIGRTMINPLUS3, because + cannot stand in a name. */
export function toStopSignal(signal: string): string {
  return signal === 'RUNTIME_DEFAULT' ? '' : signal.replace('PLUS', '+').replace('MINUS', '-');
}

/** The other way; anything CRI has no name for is RUNTIME_DEFAULT. */
export function fromStopSignal(signal: string): string {
  return signal.replace('+', 'PLUS').replace('-', 'MINUS');
}
