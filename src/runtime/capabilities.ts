/** Linux capabilities of a container: the field's default set, CRI's additions and removals, `ALL`. */
import type { ContainerSecurity } from './model.ts';
import type { OciCapabilities } from './oci-types.ts';

/** capabilities(7), in kernel order. */
const ALL_CAPABILITIES = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_DAC_READ_SEARCH',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_LINUX_IMMUTABLE',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_BROADCAST',
  'CAP_NET_ADMIN',
  'CAP_NET_RAW',
  'CAP_IPC_LOCK',
  'CAP_IPC_OWNER',
  'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_CHROOT',
  'CAP_SYS_PTRACE',
  'CAP_SYS_PACCT',
  'CAP_SYS_ADMIN',
  'CAP_SYS_BOOT',
  'CAP_SYS_NICE',
  'CAP_SYS_RESOURCE',
  'CAP_SYS_TIME',
  'CAP_SYS_TTY_CONFIG',
  'CAP_MKNOD',
  'CAP_LEASE',
  'CAP_AUDIT_WRITE',
  'CAP_AUDIT_CONTROL',
  'CAP_SETFCAP',
  'CAP_MAC_OVERRIDE',
  'CAP_MAC_ADMIN',
  'CAP_SYSLOG',
  'CAP_WAKE_ALARM',
  'CAP_BLOCK_SUSPEND',
  'CAP_AUDIT_READ',
  'CAP_PERFMON',
  'CAP_BPF',
  'CAP_CHECKPOINT_RESTORE',
] as const;

const DEFAULT_CAPABILITIES: readonly string[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_MKNOD',
  'CAP_NET_RAW',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
];

/** The five sets. `ALL` is applied before single names, additions before removals, as containerd does. */
export function capabilitySets(
  security: Pick<ContainerSecurity, 'privileged' | 'addCapabilities' | 'dropCapabilities' | 'addAmbientCapabilities'>,
): OciCapabilities {
  const granted = security.privileged
    ? [...ALL_CAPABILITIES]
    : grant(security.addCapabilities, security.dropCapabilities);
  const ambient = unique(
    security.addAmbientCapabilities.flatMap((name) => (isAll(name) ? ALL_CAPABILITIES : [fullName(name)])),
  );
  const bounding = unique([...granted, ...ambient]);
  return { bounding, effective: bounding, permitted: bounding, inheritable: ambient, ambient };
}

/** Names that are no capability of Linux, as they were written. */
export function unknownCapabilities(names: readonly string[]): readonly string[] {
  const known: readonly string[] = ALL_CAPABILITIES;
  return names.filter((name) => !isAll(name) && !known.includes(fullName(name)));
}

function grant(add: readonly string[], drop: readonly string[]): readonly string[] {
  let set: readonly string[] = DEFAULT_CAPABILITIES;
  if (add.some(isAll)) set = ALL_CAPABILITIES;
  if (drop.some(isAll)) set = [];
  const added = add.filter((name) => !isAll(name)).map(fullName);
  const dropped = new Set(drop.filter((name) => !isAll(name)).map(fullName));
  return unique([...set, ...added]).filter((name) => !dropped.has(name));
}

function isAll(name: string): boolean {
  return name.toUpperCase() === 'ALL';
}

function fullName(name: string): string {
  const upper = name.toUpperCase();
  return upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}
