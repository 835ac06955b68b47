/** What a daemon that died was still making. */
import { rm } from 'node:fs/promises';

interface LeftoverLog {
  warn(facts: Readonly<Record<string, unknown>>, message: string): void;
}

/** Removes a file or folder for good, with a line in the log as every other leftover has one. */
export async function removeLeftover(kind: string, path: string, log: LeftoverLog): Promise<void> {
  await rm(path, { recursive: true, force: true });
  log.warn({ kind, name: path }, 'leftover removed');
}
