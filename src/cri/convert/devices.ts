/** Device → a device node of the guest's own. A device of the host's is refused: it cannot be passed into a microVM. */
import { BoxError } from '../../errors.ts';
import { isGuestDevice } from '../../runtime/guest-devices.ts';
import type { ContainerConfig } from '../../runtime/model.ts';
import type { Device__Output } from '../generated/runtime/v1/Device.ts';

export function toDevice({ hostPath, containerPath }: Device__Output): ContainerConfig['devices'][number] {
  if (!isGuestDevice(hostPath)) {
    throw new BoxError('NOT_SUPPORTED', `device ${hostPath} is the host's: a microVM cannot have it`);
  }
  return { hostPath, containerPath: containerPath || hostPath };
}
