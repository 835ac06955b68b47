/** The mounts of a container: the standard ones, the sandbox's files, then the volumes. Pure. */
import { posix } from 'node:path';
import type { BoxConfig } from './box-config.ts';
import type { ContainerConfig, ContainerSecurity } from './model.ts';
import { deviceMounts } from './oci-devices.ts';
import type { OciMount } from './oci-types.ts';

/** A volume as the guest sees it. */
export interface GuestMount {
  readonly containerPath: string;
  /**
   * `/vol/<n>` on the read-only share, `/rw/vol/<n>` on the writable one, `/run/volumes/<container>/<n>` for an image, or a device
   * node of the guest's.
   */
  readonly guestPath: string;
  /** Whether the guest's own mount is read-only, with all that is mounted below. */
  readonly readonly: boolean;
}

/** Files that guest-init writes once per sandbox (ConfigureSandbox). */
const SANDBOX_FILES = {
  '/etc/hostname': 'hostname',
  '/etc/hosts': 'hosts',
  '/etc/resolv.conf': 'resolv.conf',
} as const;
const SANDBOX_DIR = '/run/sandbox';

/** Standard mounts give way to a volume or a device at the same place; parents come before children. */
export function containerMounts(
  { security, devices }: Pick<ContainerConfig, 'security' | 'devices'>,
  box: BoxConfig,
  volumes: readonly GuestMount[],
): readonly OciMount[] {
  const bound = [...volumes.map(volumeMount), ...deviceMounts(devices)];
  const taken = new Set(bound.map(({ destination }) => destination));
  const standard = [...standardMounts(security, box), ...sandboxFiles(security)];
  return [...standard.filter(({ destination }) => !taken.has(destination)), ...bound].toSorted(
    (a, b) => depth(a.destination) - depth(b.destination),
  );
}

function standardMounts(security: ContainerSecurity, box: BoxConfig): readonly OciMount[] {
  const sysAccess = security.privileged ? 'rw' : 'ro';
  return [
    mount('/proc', 'proc', 'proc', ['nosuid', 'noexec', 'nodev']),
    mount('/dev', 'tmpfs', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
    mount('/dev/pts', 'devpts', 'devpts', ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5']),
    mount('/dev/mqueue', 'mqueue', 'mqueue', ['nosuid', 'noexec', 'nodev']),
    mount('/sys', 'sysfs', 'sysfs', ['nosuid', 'noexec', 'nodev', sysAccess]),
    mount('/sys/fs/cgroup', 'cgroup', 'cgroup', ['nosuid', 'noexec', 'nodev', 'relatime', sysAccess]),
    sharedMemory(security, box),
  ];
}

/** Containers that share the pod's IPC namespace share its /dev/shm too. */
function sharedMemory(security: ContainerSecurity, box: BoxConfig): OciMount {
  if (security.namespaces.ipc === 'CONTAINER') {
    return mount('/dev/shm', 'tmpfs', 'shm', ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${box.shmBytes}`]);
  }
  return mount('/dev/shm', 'bind', `${SANDBOX_DIR}/shm`, ['rbind', 'rprivate', 'nosuid', 'noexec', 'nodev', 'rw']);
}

function sandboxFiles(security: ContainerSecurity): readonly OciMount[] {
  const access = security.readonlyRootfs ? 'ro' : 'rw';
  return Object.entries(SANDBOX_FILES).map(([destination, name]) =>
    mount(destination, 'bind', `${SANDBOX_DIR}/${name}`, ['rbind', 'rprivate', access]),
  );
}

function volumeMount({ containerPath, guestPath, readonly }: GuestMount): OciMount {
  const destination = posix.normalize(containerPath).replace(/(?<=.)\/$/, '');
  return mount(destination, 'bind', guestPath, ['rbind', 'rprivate', readonly ? 'ro' : 'rw']);
}

function mount(destination: string, type: string, source: string, options: readonly string[]): OciMount {
  return { destination, type, source, options };
}

function depth(path: string): number {
  return path.split('/').filter((part) => part !== '').length;
}
