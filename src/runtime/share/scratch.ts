/** The scratch disk: a sparse ext4 file copied from a template, because mkfs takes longer than the rest of a boot. */
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hostCommand } from '../host/host-command.ts';
import { exists } from '../store/folder.ts';
import { UNFINISHED } from '../store/record-file.ts';

/**
 * Inode tables are never zeroed (guest-init mounts with noinit_itable), there is no journal (a VM's crash loses the disk anyway),
 * and no reserved blocks.
 * The daemon never mounts or reads the file again: its content is the guest's.
 */
const MKFS_OPTIONS = [
  '-q',
  '-F',
  '-O',
  '^has_journal',
  '-E',
  'lazy_itable_init=1,nodiscard',
  '-m',
  '0',
  '-L',
  'scratch',
];

/** Makes sure the template of this size exists; returns its path. */
export async function scratchTemplate(root: string, bytes: number): Promise<string> {
  const dir = join(root, 'templates');
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const template = join(dir, `scratch-${bytes}.ext4`);
  if (await exists(template)) return template;
  const tmp = template + UNFINISHED;
  await rm(tmp, { force: true });
  await hostCommand('truncate', ['--size', String(bytes), tmp]);
  await hostCommand('mkfs.ext4', [...MKFS_OPTIONS, tmp]);
  await rename(tmp, template);
  return template;
}

/** Copies the template, holes as holes (or shares the blocks where the file system can). */
export async function copyScratch(template: string, target: string): Promise<void> {
  await hostCommand('cp', ['--reflink=auto', '--sparse=always', '--', template, target]);
}
