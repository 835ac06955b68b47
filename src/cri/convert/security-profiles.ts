/**
 * Seccomp, AppArmor, SELinux. A profile that would have to be enforced and cannot be is refused, never ignored.
 *
 * Seccomp is enforced in the guest. AppArmor cannot be: the guest's kernel has none, so that a profile of the node's is refused,
 * while RuntimeDefault leaves the choice to the runtime, whose answer is the VM. SELinux labels name contexts of the node's
 * policy; the guest's files are none of the node's, so that any label is met, as long as it is one.
 */
import { isAbsolute } from 'node:path';
import { BoxError } from '../../errors.ts';
import type { Seccomp } from '../../runtime/model.ts';
import type { SELinuxOption__Output } from '../generated/runtime/v1/SELinuxOption.ts';
import type { SecurityProfile__Output } from '../generated/runtime/v1/SecurityProfile.ts';

type Profile = Pick<SecurityProfile__Output, 'profileType' | 'localhostRef'>;

const LOCALHOST = 'localhost/';
/** Sensitivity or a range of it, then categories: `s0`, `s0-s3:c1,c5.c10`. */
const SELINUX_LEVEL = /^s\d(-s\d)?(:c\d{1,4}(\.c\d{1,4})?(,c\d{1,4}(\.c\d{1,4})?)*)?$/;

/** The profile, or what the deprecated field says; neither means none at all (kubelet's default is RuntimeDefault, and it says so). */
export function toSeccomp(profile: Profile | null, deprecated: string): Seccomp {
  const wanted = profile ?? parseDeprecated('seccomp', deprecated) ?? { profileType: 'Unconfined', localhostRef: '' };
  checkReference('seccomp', wanted);
  switch (wanted.profileType) {
    case 'Unconfined':
      return { type: 'Unconfined' };
    case 'RuntimeDefault':
      return { type: 'RuntimeDefault' };
    case 'Localhost': {
      const path = withoutPrefix(wanted.localhostRef);
      if (!isAbsolute(path)) {
        throw new BoxError('INVALID_REQUEST', `seccomp profile ${JSON.stringify(path)} must be an absolute path`);
      }
      return { type: 'Localhost', path };
    }
  }
}

export function checkApparmor(profile: Profile | null, deprecated: string): void {
  const wanted = profile ?? parseDeprecated('AppArmor', deprecated);
  if (wanted === undefined) return;
  checkReference('AppArmor', wanted);
  if (wanted.profileType !== 'Localhost') return;
  throw new BoxError(
    'NOT_SUPPORTED',
    `AppArmor profile ${withoutPrefix(wanted.localhostRef)} cannot be enforced in a microVM, whose kernel has no AppArmor: use RuntimeDefault or another runtime class`,
  );
}

export function checkSelinux(options: SELinuxOption__Output | null): void {
  if (options === null) return;
  const { level, user, role, type } = options;
  if (level !== '' && !SELINUX_LEVEL.test(level)) {
    throw new BoxError(
      'INVALID_REQUEST',
      `SELinux level ${JSON.stringify(level)} is malformed: write it like s0:c1,c5`,
    );
  }
  const odd = [user, role, type].find((part) => part.includes(':'));
  if (odd !== undefined) {
    throw new BoxError('INVALID_REQUEST', `SELinux label part ${JSON.stringify(odd)} is malformed: it holds a colon`);
  }
}

/** The words of CRI before it had SecurityProfile; '' is no profile. */
function parseDeprecated(kind: string, text: string): Profile | undefined {
  if (text === '') return undefined;
  if (text === 'unconfined') return { profileType: 'Unconfined', localhostRef: '' };
  if (text === 'runtime/default' || text === 'docker/default')
    return { profileType: 'RuntimeDefault', localhostRef: '' };
  if (text.startsWith(LOCALHOST)) return { profileType: 'Localhost', localhostRef: text };
  throw new BoxError(
    'INVALID_REQUEST',
    `${kind} profile ${JSON.stringify(text)} is none of unconfined, runtime/default and localhost/…`,
  );
}

function checkReference(kind: string, { profileType, localhostRef }: Profile): void {
  if ((profileType === 'Localhost') === (localhostRef !== '')) return;
  const what = profileType === 'Localhost' ? 'needs a localhost_ref' : 'takes no localhost_ref';
  throw new BoxError('INVALID_REQUEST', `${kind} profile ${profileType} ${what}`);
}

function withoutPrefix(reference: string): string {
  return reference.startsWith(LOCALHOST) ? reference.slice(LOCALHOST.length) : reference;
}
