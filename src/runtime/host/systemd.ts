/** systemd as the host's manager, spoken to by its own tools: a few calls a pod are no reason to speak D-Bus ourselves. */
import { exists } from '../store/folder.ts';
import { hostCommand } from './host-command.ts';

/** org.freedesktop.systemd1(5). */
const MANAGER = ['org.freedesktop.systemd1', '/org/freedesktop/systemd1', 'org.freedesktop.systemd1.Manager'];

/** Whether it manages this host, and is not merely installed (sd_booted(3)). */
export async function isSystemdHost(): Promise<boolean> {
  return exists('/run/systemd/system');
}

/** Calls a method of the manager; `args` are its signature and its arguments as busctl(1) writes them. Fails as hostCommand does. */
export async function callSystemd(method: string, ...args: readonly string[]): Promise<void> {
  await hostCommand('busctl', ['call', ...MANAGER, method, ...args]);
}

/** Waits for the start of a unit that is already under way. Fails as hostCommand does, also if the unit does not start. */
export async function joinStart(unit: string): Promise<void> {
  await hostCommand('systemctl', ['start', unit]);
}

/** Asks it something that it can always answer, the way sandboxes are made. */
export async function askSystemd(): Promise<void> {
  await hostCommand('busctl', ['get-property', ...MANAGER, 'Version']);
}
