/** The shims that run on this host, records or not: a shim's stdout is the console in its run folder, whatever became of that. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errnoOf } from '../../errors.ts';
import { identify, type ShimIdentity } from '../../shim/identity.ts';

const BUNDLE = 'shim.cjs';

export interface ShimProcess {
  readonly identity: ShimIdentity;
  /** Name of its run folder. */
  readonly folder: string;
}

/** Those whose run folder is, or was, one of `folders`. */
export async function shimProcesses(folders: string): Promise<readonly ShimProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => shimOf(pid, `${folders}/`)));
  return found.filter((shim) => shim !== undefined);
}

/** A process may end while it is looked at: then it is none. */
async function shimOf(pid: number, folders: string): Promise<ShimProcess | undefined> {
  try {
    const words = (await readFile(join('/proc', String(pid), 'cmdline'), 'utf8')).split('\0');
    if (!words.some((word) => basename(word) === BUNDLE)) return undefined;
    const console = await readlink(join('/proc', String(pid), 'fd', '1'));
    const identity = identify(pid);
    if (!console.startsWith(folders) || identity === undefined) return undefined;
    const [folder = ''] = console.slice(folders.length).split('/');
    return { identity, folder };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ESRCH') return undefined;
    throw error;
  }
}
