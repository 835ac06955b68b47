/** LinuxContainerSecurityContext → the runtime's. Pure. */
import { BoxError } from '../../errors.ts';
import type { ContainerSecurity } from '../../runtime/model.ts';
import type { Int64Value__Output } from '../generated/runtime/v1/Int64Value.ts';
import type { LinuxContainerSecurityContext__Output } from '../generated/runtime/v1/LinuxContainerSecurityContext.ts';
import { toNamespaces } from './namespaces.ts';
import { toNumber } from './numbers.ts';
import { checkApparmor, checkSelinux, toSeccomp } from './security-profiles.ts';

/** uid_t and gid_t, without the last one: system calls take it as "unchanged". */
const MAX_ID = 0xffff_fffe;

/** An absent security context means its zero values. */
export function toSecurity(security: LinuxContainerSecurityContext__Output | null): ContainerSecurity {
  if (security !== null) {
    checkApparmor(security.apparmor, security.apparmorProfile);
    checkSelinux(security.selinuxOptions);
  }
  return {
    ...toUser(security),
    privileged: security?.privileged ?? false,
    addCapabilities: security?.capabilities?.addCapabilities ?? [],
    dropCapabilities: security?.capabilities?.dropCapabilities ?? [],
    addAmbientCapabilities: security?.capabilities?.addAmbientCapabilities ?? [],
    noNewPrivs: security?.noNewPrivs ?? false,
    readonlyRootfs: security?.readonlyRootfs ?? false,
    maskedPaths: security?.maskedPaths ?? [],
    readonlyPaths: security?.readonlyPaths ?? [],
    namespaces: toNamespaces(security?.namespaceOptions ?? null),
    seccomp: toSeccomp(security?.seccomp ?? null, security?.seccompProfilePath ?? ''),
  };
}

type UserFields = Pick<
  ContainerSecurity,
  'runAsUser' | 'runAsUsername' | 'runAsGroup' | 'supplementalGroups' | 'supplementalGroupsPolicy'
>;

function toUser(security: LinuxContainerSecurityContext__Output | null): UserFields {
  const runAsUsername = security?.runAsUsername ?? '';
  const uid = security?.runAsUser ?? null;
  const gid = security?.runAsGroup ?? null;
  if (uid !== null && runAsUsername !== '') {
    throw new BoxError('INVALID_REQUEST', 'run_as_user and run_as_username cannot both be given');
  }
  if (gid !== null && uid === null && runAsUsername === '') {
    throw new BoxError('INVALID_REQUEST', 'run_as_group needs run_as_user or run_as_username');
  }
  return {
    ...(uid === null ? {} : { runAsUser: valueOf(uid, 'run_as_user') }),
    runAsUsername,
    ...(gid === null ? {} : { runAsGroup: valueOf(gid, 'run_as_group') }),
    supplementalGroups: (security?.supplementalGroups ?? []).map((group) => toId(group, 'supplemental_groups')),
    supplementalGroupsPolicy: security?.supplementalGroupsPolicy ?? 'Merge',
  };
}

function valueOf({ value }: Int64Value__Output, field: string): number {
  return toId(value, field);
}

function toId(value: string, field: string): number {
  const id = toNumber(value, field);
  if (id < 0 || id > MAX_ID) {
    throw new BoxError('INVALID_REQUEST', `${field} ${value} is no id: it must be from 0 to ${MAX_ID}`);
  }
  return id;
}
