/** One container's CRI log file, written by the daemon only. */
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BoxError, messageOf } from '../../errors.ts';
import { countContent, type LogPosition } from './log-position.ts';

const LOG_MODE = 0o640;

/**
 * INVARIANT: `size` is the file's size in whole lines; every append is one write of whole lines at the end.
 * Writers take turns: the owner (LogPump) awaits each append.
 */
export class LogFile {
  readonly path: string;
  #handle: FileHandle;
  #size: number;

  private constructor(path: string, handle: FileHandle, size: number) {
    this.path = path;
    this.#handle = handle;
    this.#size = size;
  }

  get size(): number {
    return this.#size;
  }

  /** Opens or creates the log; its folder is made if the caller (crictl) did not. */
  static async open(path: string): Promise<LogFile> {
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o755 });
      const handle = await open(path, 'a+', LOG_MODE);
      return new LogFile(path, handle, (await handle.stat()).size);
    } catch (cause) {
      throw new BoxError('INVALID_REQUEST', `cannot write container log ${path}: ${messageOf(cause)}`, { cause });
    }
  }

  /** Appends whole lines with one write. */
  async append(lines: readonly Buffer[]): Promise<void> {
    const bytes = Buffer.concat(lines);
    await this.#handle.appendFile(bytes);
    this.#size += bytes.length;
  }

  /**
   * Where the two streams stand: the recorded position plus what the file holds beyond it. A torn last line is cut off.
   * A file that is shorter than recorded was rotated: then the record alone counts.
   */
  async position(recorded: LogPosition): Promise<{ readonly stdout: bigint; readonly stderr: bigint }> {
    const base = { stdout: BigInt(recorded.stdout), stderr: BigInt(recorded.stderr) };
    const beyond = this.#size - recorded.size;
    if (beyond <= 0) return base;
    const tail = Buffer.alloc(beyond);
    await this.#handle.read(tail, 0, beyond, recorded.size);
    const counted = countContent(tail);
    if (counted.wholeBytes < beyond) {
      this.#size = recorded.size + counted.wholeBytes;
      await this.#handle.truncate(this.#size);
    }
    return { stdout: base.stdout + counted.stdout, stderr: base.stderr + counted.stderr };
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
