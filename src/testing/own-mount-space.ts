import { MountSpace } from '../runtime/share/mount-space.ts';
import { identify } from '../shim/identity.ts';

/** This process in the place of a VMM. */
export function ownMountSpace(): MountSpace {
  const self = identify(process.pid);
  if (self === undefined) throw new Error('a process that runs has an identity');
  return new MountSpace(self);
}
