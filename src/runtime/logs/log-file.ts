/** One container's CRI log file, written by the daemon only. */
import type { Stats } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BoxError, errnoOf, messageOf } from '../../errors.ts';
import { DiskTurns, turnAt } from './disk-turns.ts';
import { LineCounter, type LogPosition } from './log-position.ts';

const LOG_MODE = 0o640;
/** How much of a file is held in memory while its lines are counted. */
const READ_BYTES = 256 * 1024;

/** Offsets in a container's two streams. */
export interface StreamOffsets {
  readonly stdout: bigint;
  readonly stderr: bigint;
}

/**
 * INVARIANT: `size` is the file's size in whole lines; every append is one write of whole lines at the end.
 * Writers take turns: the owner (LogPump) awaits each append.
 */
export class LogFile {
  readonly path: string;
  /** `<device>:<inode>`: the file whatever its name becomes. */
  readonly identity: string;
  readonly #handle: FileHandle;
  readonly #disk: DiskTurns;
  #size: number;

  private constructor(path: string, handle: FileHandle, stats: Stats) {
    this.path = path;
    this.identity = `${stats.dev}:${stats.ino}`;
    this.#handle = handle;
    // what is no file (a pipe somebody put there) hangs by itself
    this.#disk = new DiskTurns(stats.isFile() ? String(stats.dev) : this.identity);
    this.#size = stats.size;
  }

  get size(): number {
    return this.#size;
  }

  /** Opens or creates the log; its folder is made if the caller (crictl) did not. */
  static async open(path: string): Promise<LogFile> {
    try {
      return await turnAt(path, async () => {
        await mkdir(dirname(path), { recursive: true, mode: 0o755 });
        return LogFile.#of(path, await open(path, 'a+', LOG_MODE));
      });
    } catch (cause) {
      throw new BoxError('INVALID_REQUEST', `cannot write container log ${path}: ${messageOf(cause)}`, { cause });
    }
  }

  /**
   * Opens the log of a container that has one, and says where its two streams stand: as recorded, plus what was written since,
   * to the recorded file (under whatever name kubelet's rotation has given it) and to the one that took its place.
   */
  static async resume(path: string, recorded: LogPosition): Promise<{ file: LogFile; offsets: StreamOffsets }> {
    const file = await LogFile.open(path);
    try {
      return { file, offsets: await file.#offsetsSince(recorded) };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async #offsetsSince(recorded: LogPosition): Promise<StreamOffsets> {
    const base = { stdout: BigInt(recorded.stdout), stderr: BigInt(recorded.stderr) };
    if (recorded.file === '' || recorded.file === this.identity)
      return plus(base, await this.#countFrom(recorded.size));
    const rotated = await turnAt(this.path, () => LogFile.#findRotated(this.path, recorded.file));
    const inOld = rotated === undefined ? { stdout: 0n, stderr: 0n } : await rotated.#countFrom(recorded.size);
    await rotated?.close();
    return plus(plus(base, inOld), await this.#countFrom(0));
  }

  static async #of(path: string, handle: FileHandle): Promise<LogFile> {
    return new LogFile(path, handle, await handle.stat());
  }

  /** kubelet renames `0.log` to `0.log.<time>` in the same folder and leaves it unpacked until its next rotation. */
  static async #findRotated(path: string, identity: string): Promise<LogFile | undefined> {
    for (const name of await readdir(dirname(path))) {
      const candidate = join(dirname(path), name);
      if (!name.startsWith(basename(path)) || (await identityOf(candidate)) !== identity) continue;
      return LogFile.#of(candidate, await open(candidate, 'r+'));
    }
    return undefined;
  }

  /** Appends whole lines with one write; what a failed write leaves of them (the disk is full) is taken back. */
  append(lines: readonly Buffer[]): Promise<void> {
    return this.#disk.take(() => this.#append(Buffer.concat(lines)));
  }

  async #append(bytes: Buffer): Promise<void> {
    try {
      await this.#handle.appendFile(bytes);
    } catch (error) {
      const { size } = await this.#handle.stat();
      if (size > this.#size) await this.#handle.truncate(this.#size);
      throw error;
    }
    this.#size += bytes.length;
  }

  /** Looks at the size again: somebody may have emptied the file in its place. */
  async measure(): Promise<void> {
    const { size } = await this.#disk.take(() => this.#handle.stat());
    this.#size = Math.min(this.#size, size);
  }

  async close(): Promise<void> {
    try {
      await this.#disk.take(() => this.#handle.close());
    } finally {
      this.#disk.release();
    }
  }

  /**
   * Counts the lines from `start` on; a torn last line is cut off. A file that is shorter than that was emptied, and holds
   * nothing that counts.
   */
  async #countFrom(start: number): Promise<StreamOffsets> {
    const counter = new LineCounter();
    const buffer = Buffer.alloc(Math.min(READ_BYTES, Math.max(0, this.#size - start)));
    for (let at = start; at < this.#size; ) {
      const length = Math.min(buffer.length, this.#size - at);
      const { bytesRead } = await this.#disk.take(() => this.#handle.read(buffer, 0, length, at));
      if (bytesRead === 0) break;
      counter.push(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
    const whole = start + counter.wholeBytes;
    if (whole < this.#size) {
      this.#size = whole;
      await this.#disk.take(() => this.#handle.truncate(whole));
    }
    return counter;
  }
}

/** Undefined if it has just been deleted. */
async function identityOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path);
    return `${dev}:${ino}`;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function plus(a: StreamOffsets, b: StreamOffsets): StreamOffsets {
  return { stdout: a.stdout + b.stdout, stderr: a.stderr + b.stderr };
}
