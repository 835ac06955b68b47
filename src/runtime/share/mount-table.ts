/** What is mounted below a folder, from the kernel's own table (proc_pid_mountinfo(5)). */
import { readFile } from 'node:fs/promises';

const MOUNTINFO = '/proc/self/mountinfo';

/** Mount points at or below `folder`, deepest last in mount order. */
export function mountsBelow(mountinfo: string, folder: string): readonly string[] {
  const prefix = folder.endsWith('/') ? folder : `${folder}/`;
  return mountPoints(mountinfo).filter((point) => point === folder || point.startsWith(prefix));
}

/** Where the file system of a path is mounted, without looking at the path itself: that hangs if its disk does. */
export function mountPointOf(mountinfo: string, path: string): string {
  const points = mountPoints(mountinfo).filter((point) => point === '/' || `${path}/`.startsWith(`${point}/`));
  return points.toSorted((a, b) => b.length - a.length)[0] ?? '/';
}

export async function readMountPointOf(path: string): Promise<string> {
  return mountPointOf(await readFile(MOUNTINFO, 'utf8'), path);
}

export async function readMountsBelow(folder: string): Promise<readonly string[]> {
  return mountsBelow(await readFile(MOUNTINFO, 'utf8'), folder);
}

function mountPoints(mountinfo: string): readonly string[] {
  return mountinfo.split('\n').map((line) => unescape(line.split(' ')[4] ?? ''));
}

/** Space, tab, newline and backslash are written as octal escapes. */
function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
