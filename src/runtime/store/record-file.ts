/** One JSON record per file: written so that a crash at any instant leaves the old record or the new one, never half of one. */
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { z } from 'zod';
import { BoxError, messageOf } from '../../errors.ts';

const RECORD_MODE = 0o600;

/** What a record that is being written is called until it is whole. A daemon that dies then leaves it behind. */
export const UNFINISHED = '.tmp';

/** Durably replaces `path`: tmp, fsync, rename, fsync of the folder. Concurrent writers of one path must be serialised by the caller. */
export async function writeRecord(path: string, record: unknown): Promise<void> {
  const tmp = path + UNFINISHED;
  const file = await open(tmp, 'w', RECORD_MODE);
  try {
    await file.writeFile(`${JSON.stringify(record)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(tmp, path);
  await syncPath(dirname(path));
}

/** Replaces `path` atomically, but not durably: for what is worthless after a reboot. */
export async function writeVolatile(path: string, record: unknown): Promise<void> {
  const tmp = path + UNFINISHED;
  const file = await open(tmp, 'w', RECORD_MODE);
  try {
    await file.writeFile(`${JSON.stringify(record)}\n`);
  } finally {
    await file.close();
  }
  await rename(tmp, path);
}

/**
 * Reads and checks a record; RECORD_INVALID (with the path and what is wrong) if it cannot be understood. What the system says of
 * reading it (ENOENT, EIO, EMFILE) is thrown as it is: it says nothing of the record.
 */
export async function readRecord<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  const text = await readFile(path, 'utf8');
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new BoxError('RECORD_INVALID', `cannot read record ${path}: ${messageOf(cause)}`, { cause });
  }
}

/** Deletes a record, and what is left of one that was being written; a missing one is fine. */
export async function deleteVolatile(path: string): Promise<void> {
  await rm(path + UNFINISHED, { force: true });
  await rm(path, { force: true });
}

/** As deleteVolatile, durably. */
export async function deleteRecord(path: string): Promise<void> {
  await deleteVolatile(path);
  await syncPath(dirname(path));
}

/** Makes a file's bytes, or a folder's names, durable. */
export async function syncPath(path: string): Promise<void> {
  const opened = await open(path, 'r');
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}
