/** Files that are either wholly there or not at all, also after a power cut: write aside, fsync, rename, fsync the folder. */
import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { BoxError, errnoOf, messageOf } from '../../errors.ts';

/** Makes a rename or unlink in `directory` durable. */
export function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * Puts a small file in place whole, its bytes flushed; the folder is not synced. Same errors as writeDurable.
 */
export function replaceFile(file: string, text: string, ingestDir: string): void {
  const temporary = path.join(ingestDir, randomUUID());
  try {
    const fd = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw fileError(error, file, 'cannot be written');
  }
}

/**
 * Writes a small file durably. Synchronous on purpose: memory and disk then change together, with no other request between
 * them, and it takes about half a millisecond, less than the asynchronous way.
 * @throws BoxError DISK_FULL, or INTERNAL with the path.
 */
export function writeDurable(file: string, text: string, ingestDir: string): void {
  replaceFile(file, text, ingestDir);
  syncDirectory(path.dirname(file));
}

/** A file system error as the caller should see it: DISK_FULL with what to do, or INTERNAL naming the path. */
export function fileError(error: unknown, file: string, problem: string): BoxError {
  const errno = errnoOf(error);
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    return new BoxError('DISK_FULL', `no space left for ${file}: free space there or remove images`, { cause: error });
  }
  return new BoxError('INTERNAL', `${file} ${problem}: ${messageOf(error)}`, { cause: error });
}
