/** The shims of one daemon, also those whose run folder is gone: a shim's stdout is the console in it, whatever became of that. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errnoOf } from '../../errors.ts';
import { identify, killShim } from '../../shim/identity.ts';
import { runFolders } from '../paths.ts';
import type { Trace } from './trace.ts';

const BUNDLE = 'shim.cjs';

export async function findShims(state: string): Promise<readonly Trace[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => shimOf(pid, `${runFolders(state)}/`)));
  return found.filter((trace) => trace !== undefined);
}

/** A process may end while it is looked at: then it is none. */
async function shimOf(pid: number, folders: string): Promise<Trace | undefined> {
  try {
    const words = (await readFile(join('/proc', String(pid), 'cmdline'), 'utf8')).split('\0');
    if (!words.some((word) => basename(word) === BUNDLE)) return undefined;
    const console = await readlink(join('/proc', String(pid), 'fd', '1'));
    const identity = identify(pid);
    if (!console.startsWith(folders) || identity === undefined) return undefined;
    const [owner = ''] = console.slice(folders.length).split('/');
    return { kind: 'shim', name: `process ${pid}`, owner, remove: async () => killShim(identity) };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ESRCH') return undefined;
    throw error;
  }
}
