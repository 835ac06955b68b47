/** Device nodes that every Linux has and that hold nothing of the machine: a container gets the guest's own. */
const GUEST_DEVICES: ReadonlySet<string> = new Set([
  '/dev/null',
  '/dev/zero',
  '/dev/full',
  '/dev/random',
  '/dev/urandom',
  '/dev/tty',
]);

export function isGuestDevice(path: string): boolean {
  return GUEST_DEVICES.has(path);
}
