/** What is mounted below a folder, from the kernel's own table (proc_pid_mountinfo(5)). */
import { readFile } from 'node:fs/promises';

/** Mount points at or below `folder`, deepest last in mount order. */
export function mountsBelow(mountinfo: string, folder: string): readonly string[] {
  const prefix = folder.endsWith('/') ? folder : `${folder}/`;
  return mountinfo
    .split('\n')
    .map((line) => unescape(line.split(' ')[4] ?? ''))
    .filter((point) => point === folder || point.startsWith(prefix));
}

export async function readMountsBelow(folder: string): Promise<readonly string[]> {
  return mountsBelow(await readFile('/proc/self/mountinfo', 'utf8'), folder);
}

/** Space, tab, newline and backslash are written as octal escapes. */
function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
