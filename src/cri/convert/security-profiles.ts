/**
 * Seccomp, AppArmor: a profile that would have to be enforced and cannot be is refused, never ignored.
 *
 * RuntimeDefault is kubelet's default for every pod and leaves the choice to the runtime. Ours is, for now, the VM itself:
 * a container's system calls reach a guest kernel of the pod's own, never the host's. A filter inside the guest is part of
 * the security context's own issue; a Localhost profile is somebody's explicit demand and is refused until then.
 */
import { BoxError } from '../../errors.ts';
import type { SecurityProfile__Output } from '../generated/runtime/v1/SecurityProfile.ts';

interface Profiles {
  readonly seccomp: SecurityProfile__Output | null;
  readonly apparmor: SecurityProfile__Output | null;
  readonly seccompProfilePath: string;
}

export function checkProfiles(profiles: Profiles): void {
  if (profiles.seccomp?.profileType === 'Localhost' || profiles.seccompProfilePath.startsWith('localhost/')) {
    throw new BoxError(
      'NOT_BUILT',
      'seccomp profiles of type Localhost are not supported yet: use RuntimeDefault or Unconfined',
    );
  }
  if (profiles.apparmor?.profileType === 'Localhost') {
    throw new BoxError(
      'NOT_SUPPORTED',
      'AppArmor profiles cannot be enforced in a microVM: its kernel has no AppArmor',
    );
  }
}
