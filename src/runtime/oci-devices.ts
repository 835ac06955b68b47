/**
 * Devices of a container → device rules and mounts. Pure.
 *
 * A VM has devices of its own, and none of its host's. Those that every Linux has can be asked for by name: their node in the
 * guest's /dev is bound into the container.
 */
import { BoxError } from '../errors.ts';
import type { ContainerConfig, Device } from './model.ts';
import type { OciDeviceRule, OciMount } from './oci-types.ts';

/** Major and minor number of each device a container may ask for (Linux, admin-guide/devices.txt). All are character devices. */
const GUEST_DEVICES: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['/dev/null', [1, 3]],
  ['/dev/zero', [1, 5]],
  ['/dev/full', [1, 7]],
  ['/dev/random', [1, 8]],
  ['/dev/urandom', [1, 9]],
  ['/dev/tty', [5, 0]],
  ['/dev/fuse', [10, 229]],
  ['/dev/net/tun', [10, 200]],
]);

/** What runc lets every container open: the six standard ones, its terminal, ptmx, and terminals it makes. */
const ALWAYS_OPEN: readonly (readonly [number, number | undefined])[] = [
  [1, 3],
  [1, 5],
  [1, 7],
  [1, 8],
  [1, 9],
  [5, 0],
  [5, 1],
  [5, 2],
  [136, undefined],
];

export function isGuestDevice(path: string): boolean {
  return GUEST_DEVICES.has(path);
}

/** NOT_SUPPORTED for a device of the host's, INVALID_REQUEST for permissions that are none. */
export function deviceRules({
  devices,
  security,
}: Pick<ContainerConfig, 'devices' | 'security'>): readonly OciDeviceRule[] {
  const asked = devices.map((device): OciDeviceRule => {
    const [major, minor] = guestDevice(device);
    return { allow: true, type: 'c', major, minor, access: permissions(device) };
  });
  if (security.privileged) return [{ allow: true, access: 'rwm' }];
  return [
    { allow: false, access: 'rwm' },
    { allow: true, type: 'c', access: 'm' },
    { allow: true, type: 'b', access: 'm' },
    ...ALWAYS_OPEN.map(
      ([major, minor]): OciDeviceRule => ({
        allow: true,
        type: 'c',
        major,
        ...(minor === undefined ? {} : { minor }),
        access: 'rwm',
      }),
    ),
    ...asked,
  ];
}

export function deviceMounts(devices: readonly Device[]): readonly OciMount[] {
  return devices.map(({ hostPath, containerPath }) => ({
    destination: containerPath || hostPath,
    type: 'bind',
    source: hostPath,
    options: ['bind', 'rprivate', 'nosuid', 'noexec'],
  }));
}

function guestDevice({ hostPath }: Device): readonly [number, number] {
  const numbers = GUEST_DEVICES.get(hostPath);
  if (numbers !== undefined) return numbers;
  const known = [...GUEST_DEVICES.keys()].join(', ');
  throw new BoxError(
    'NOT_SUPPORTED',
    `device ${hostPath} of the host does not reach a microVM: ask for one of ${known}, or use another runtime class`,
  );
}

function permissions({ hostPath, permissions }: Device): string {
  if (/^[rwm]{1,3}$/.test(permissions)) return permissions;
  throw new BoxError(
    'INVALID_REQUEST',
    `permissions ${JSON.stringify(permissions)} of device ${hostPath} must be letters of rwm`,
  );
}
