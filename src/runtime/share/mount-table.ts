/** What is mounted below a folder, from the kernel's own table (proc_pid_mountinfo(5)). */
import { readFile } from 'node:fs/promises';

/** Mount points at or below `folder`, deepest last in mount order. */
export function mountsBelow(mountinfo: string, folder: string): readonly string[] {
  return entries(mountinfo)
    .map(({ point }) => point)
    .filter((point) => isBelow(point, folder));
}

export async function readMountsBelow(folder: string): Promise<readonly string[]> {
  return mountsBelow(await readFile('/proc/self/mountinfo', 'utf8'), folder);
}

/**
 * What stat(2) would say of `path`'s device, were there no symbolic links: told by the names alone, which cannot hang as the
 * device can. (Btrfs shows files under devices that stand in no table.)
 */
export function deviceOver(mountinfo: string, path: string): number {
  const over = entries(mountinfo).filter(({ point }) => isBelow(path, point));
  const length = Math.max(0, ...over.map(({ point }) => point.length));
  // of two at the same point the later one is seen
  const [major = 0, minor = 0] = over.findLast(({ point }) => point.length === length)?.device ?? [];
  // makedev(3), for all majors that there are
  return (minor % 256) + major * 256 + Math.floor(minor / 256) * 2 ** 20;
}

interface Entry {
  readonly point: string;
  /** Major and minor number. */
  readonly device: readonly number[];
}

function entries(mountinfo: string): readonly Entry[] {
  return mountinfo.split('\n').map((line) => {
    const [, , device = '', , point = ''] = line.split(' ');
    return { point: unescapeField(point), device: device.split(':').map(Number) };
  });
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

/** A field of the table: space, tab, newline and backslash are written as octal escapes. */
export function unescapeField(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
