/**
 * Whatever touches logs on one disk takes turns, in all containers together.
 *
 * Node works with files on a few threads that everything in the daemon shares (libuv's pool, see bin/a3s-boxd). A call to a disk
 * that hangs never returns its thread: were there one for each container with a log on that disk, none would be left for records
 * and for logs on other disks. So a disk has one at a time. Writing is copying into the page cache: turns cost no throughput.
 */
import { readFile } from 'node:fs/promises';
import { deviceOver } from '../share/mount-table.ts';
import { Turns } from '../turns.ts';

interface Disk {
  readonly turns: Turns;
  files: number;
}

/** INVARIANT: holds the disks of log files that are open or being opened, and no others. */
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

/** One turn of the disk that `path` is on by its name, for what is not open yet: looking at the path could hang already. */
export async function turnAt<T>(path: string, work: () => Promise<T>): Promise<T> {
  const disk = new DiskTurns(String(deviceOver(await readFile('/proc/self/mountinfo', 'utf8'), path)));
  try {
    return await disk.take(work);
  } finally {
    disk.release();
  }
}
