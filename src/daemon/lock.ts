/** One daemon per folder: a lock that a SIGKILLed holder cannot leave behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { BoxError, messageOf } from '../errors.ts';
import { LONGEST_TIMER_MS } from '../longest-timer.ts';
import { giveWay } from '../priority.ts';

/** Longer than one who only asks (`isHeld`) holds a folder. */
const WAIT_SECONDS = 2;
/** flock(1): what it ends with if the lock is somebody else's. */
const TAKEN = 1;

/**
 * Holds flock(2) on the folder itself, which only root may open: the kernel frees it with the process, two ways to write one folder's
 * path are one lock, and it holds across namespaces. Node cannot lock; flock(1) locks the open folder that it is given, and what it
 * locks is ours as well. While it is held the process stays alive: recovery may wait for nothing but the end of somebody else's
 * process, which the event loop does not count.
 */
export class FolderLock {
  readonly #folder: FileHandle;
  readonly #alive = setInterval(() => undefined, LONGEST_TIMER_MS);

  private constructor(folder: FileHandle) {
    this.#folder = folder;
  }

  /** SOCKET_TAKEN if another daemon holds the folder. */
  static async take(path: string): Promise<FolderLock> {
    await mkdir(path, { recursive: true, mode: 0o711 });
    const folder = await open(path, 'r');
    let held = false;
    try {
      held = await locks(folder, '--exclusive', '--wait', String(WAIT_SECONDS));
    } finally {
      if (!held) await folder.close();
    }
    if (held) return new FolderLock(folder);
    throw new BoxError(
      'SOCKET_TAKEN',
      `another a3s-boxd uses ${path} already: stop it or use another --root and --state`,
    );
  }

  /** Whether somebody holds the folder, which must exist; who takes it meanwhile waits for a moment. */
  static async isHeld(path: string): Promise<boolean> {
    const folder = await open(path, 'r');
    try {
      return !(await locks(folder, '--shared', '--nonblock'));
    } finally {
      await folder.close();
    }
  }

  async release(): Promise<void> {
    clearInterval(this.#alive);
    await this.#folder.close();
  }
}

/** Whether the lock could be had; then it is the open folder's until that is closed. HOST_COMMAND if nobody can tell. */
async function locks(folder: FileHandle, ...options: readonly string[]): Promise<boolean> {
  const child = spawn('flock', [...options, '3'], { stdio: ['ignore', 'ignore', 'pipe', folder.fd] });
  giveWay(child);
  try {
    const words = child.stderr === null ? '' : text(child.stderr);
    const [said, [code]] = await Promise.all([words, once(child, 'close')]);
    if (code === 0 || code === TAKEN) return code === 0;
    throw new Error(said.trim() || `exit code ${String(code)}`);
  } catch (cause) {
    throw new BoxError('HOST_COMMAND', `flock, which keeps two daemons from one folder, failed: ${messageOf(cause)}`, {
      cause,
    });
  }
}
