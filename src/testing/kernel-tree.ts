/** What the kernel sees below a directory: for comparing a mounted image with GNU tar's extraction of the same layer. */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

const SLASH = Buffer.from('/');

/** One line per file, root left out, names as latin1, in byte order. */
export function listKernelTree(root: string): string[] {
  const lines: string[] = [];
  const visit = (directory: Buffer, prefix: string): void => {
    for (const name of readdirSync(directory, { encoding: 'buffer' }).sort((a, b) => Buffer.compare(a, b))) {
      const full = Buffer.concat([directory, SLASH, name]);
      const at = `${prefix}${name.toString('latin1')}`;
      lines.push(`${at} ${describeFile(full)}`);
      if (lstatSync(full).isDirectory()) visit(full, `${at}/`);
    }
  };
  visit(Buffer.from(root), '');
  return lines;
}

function describeFile(file: Buffer): string {
  const stat = lstatSync(file, { bigint: true });
  const common = [stat.mode.toString(8), stat.uid, stat.gid, stat.mtimeNs];
  if (stat.isDirectory()) return common.join(' ');
  const own = [...common, `links=${stat.nlink}`, `rdev=${stat.rdev}`];
  if (stat.isSymbolicLink()) return [...own, `-> ${readlinkSync(file, 'latin1')}`].join(' ');
  if (!stat.isFile()) return own.join(' ');
  return [...own, stat.size, createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 16)].join(' ');
}
