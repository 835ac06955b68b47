/** PodSandboxConfig → SandboxConfig. Pure; INVALID_REQUEST names the field. */
import { BoxError } from '../../errors.ts';
import type { SandboxConfig } from '../../runtime/model.ts';
import type { LinuxSandboxSecurityContext__Output } from '../generated/runtime/v1/LinuxSandboxSecurityContext.ts';
import type { PodSandboxConfig__Output } from '../generated/runtime/v1/PodSandboxConfig.ts';
import { toNamespaces } from './namespaces.ts';
import { toResources } from './resources.ts';
import { checkApparmor, checkSelinux, toSeccomp } from './security-profiles.ts';

export function toSandboxConfig(config: PodSandboxConfig__Output | null): SandboxConfig {
  if (config === null) throw new BoxError('INVALID_REQUEST', 'the request has no sandbox config');
  if (config.metadata === null || config.metadata.name === '') {
    throw new BoxError('INVALID_REQUEST', 'the sandbox config has no metadata.name');
  }
  const security = config.linux?.securityContext ?? null;
  if (security !== null) checkSecurity(security);
  const { dnsConfig, linux } = config;
  return {
    metadata: config.metadata,
    hostname: config.hostname,
    logDirectory: config.logDirectory,
    dns: dnsConfig ?? { servers: [], searches: [], options: [] },
    portMappings: config.portMappings,
    labels: config.labels,
    annotations: config.annotations,
    cgroupParent: linux?.cgroupParent ?? '',
    sysctls: linux?.sysctls ?? {},
    namespaces: toNamespaces(security?.namespaceOptions ?? null),
    privileged: security?.privileged ?? false,
    ...(linux?.overhead ? { overhead: toResources(linux.overhead) } : {}),
    ...(linux?.resources ? { resources: toResources(linux.resources) } : {}),
  };
}

/** A sandbox has no process of its own that could be confined: what is asked must make sense, containers bring their own. */
function checkSecurity({
  apparmor,
  selinuxOptions,
  seccomp,
  seccompProfilePath,
}: LinuxSandboxSecurityContext__Output): void {
  checkApparmor(apparmor, '');
  checkSelinux(selinuxOptions);
  toSeccomp(seccomp, seccompProfilePath);
}
