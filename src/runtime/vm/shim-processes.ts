/** The shims that run on this host, records or not: a shim's stdout is the console in its run folder, whatever became of that. */
import { readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { identify, type ShimIdentity } from '../../shim/identity.ts';
import { findProcesses } from '../host/processes.ts';

const BUNDLE = 'shim.cjs';

export interface ShimProcess {
  readonly identity: ShimIdentity;
  /** Name of its run folder. */
  readonly folder: string;
}

/** Those whose run folder is, or was, one of `folders`. */
export async function shimProcesses(folders: string): Promise<readonly ShimProcess[]> {
  return findProcesses((pid) => shimOf(pid, `${folders}/`));
}

async function shimOf(pid: number, folders: string): Promise<ShimProcess | undefined> {
  const words = (await readFile(join('/proc', String(pid), 'cmdline'), 'utf8')).split('\0');
  if (!words.some((word) => basename(word) === BUNDLE)) return undefined;
  const console = await readlink(join('/proc', String(pid), 'fd', '1'));
  const identity = identify(pid);
  if (!console.startsWith(folders) || identity === undefined) return undefined;
  const [folder = ''] = console.slice(folders.length).split('/');
  return { identity, folder };
}
