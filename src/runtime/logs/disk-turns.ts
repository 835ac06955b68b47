/**
 * Log writes of one disk take turns, in all containers together.
 *
 * Node writes files on a few threads that everything in the daemon shares (libuv's pool). A write to a disk that hangs never
 * returns its thread: were there one for each container with a log on that disk, none would be left for records and for logs
 * on other disks. So a disk has one at a time. Writing is copying into the page cache: turns cost no throughput.
 */
import { Turns } from '../turns.ts';

interface Disk {
  readonly turns: Turns;
  files: number;
}

/** INVARIANT: holds the disks of open log files, and no others. */
const disks = new Map<string, Disk>();

export class DiskTurns {
  readonly #name: string;
  readonly #disk: Disk;

  /** `name` tells disks apart; to be released with the file. */
  constructor(name: string) {
    this.#name = name;
    this.#disk = disks.get(name) ?? { turns: new Turns(), files: 0 };
    this.#disk.files += 1;
    disks.set(name, this.#disk);
  }

  take<T>(work: () => Promise<T>): Promise<T> {
    return this.#disk.turns.take(work);
  }

  release(): void {
    this.#disk.files -= 1;
    if (this.#disk.files === 0) disks.delete(this.#name);
  }
}
