/**
 * The daemon's own cache of CNI attachments: `<root>/network/attachments/<sandbox id>.json`.
 *
 * INVARIANT: a record is on disk before the first plugin runs and until the last DEL has succeeded: whatever an ADD left
 * behind, after a crash or a reboot, can be taken back with the very configuration that made it.
 */
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { exists, listFolder } from '../store/folder.ts';
import { deleteRecord, readRecord, writeRecord } from '../store/record-file.ts';
import { networkListSchema } from './cni/network-list.ts';
import { rawResultSchema } from './cni/result.ts';

const attachmentSchema = z.object({
  version: z.literal(1),
  netnsName: z.string(),
  list: networkListSchema,
  invocation: z.object({
    containerId: z.string(),
    netns: z.string(),
    ifname: z.string(),
    args: z.string(),
    capabilityArgs: z.record(z.string(), z.unknown()),
  }),
  /** The last result that ADD had, whether it went on to its end or not. */
  result: rawResultSchema.optional(),
  /** Whether it did; not told by daemons before this was recorded. */
  added: z.boolean().optional(),
});
export type AttachmentRecord = z.infer<typeof attachmentSchema>;

/** Whether its ADD did not go on to its end, as far as can be told: then something of it may still run. */
export function wasCutShort({ added, result }: AttachmentRecord): boolean {
  return added === undefined ? result === undefined : !added;
}

/** One that is UNFINISHED, with no whole one beside it, was being written for the first time when a daemon died: no plugin has run. */
const NAME = /^([0-9a-f]{64})\.json(?:\.tmp)?$/;

export class AttachmentStore {
  readonly #dir: string;

  constructor(root: string) {
    this.#dir = join(root, 'network', 'attachments');
  }

  async write(record: AttachmentRecord): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    await writeRecord(this.#path(record.invocation.containerId), record);
  }

  /** Undefined if there is none. RECORD_INVALID if it cannot be understood. */
  async read(sandboxId: string): Promise<AttachmentRecord | undefined> {
    const path = this.#path(sandboxId);
    return (await exists(path)) ? readRecord(path, attachmentSchema) : undefined;
  }

  async delete(sandboxId: string): Promise<void> {
    if (await exists(this.#dir)) await deleteRecord(this.#path(sandboxId));
  }

  /** Puts a record that cannot be understood out of the way; returns where it lies now. */
  async setAside(sandboxId: string): Promise<string> {
    const kept = `${this.#path(sandboxId)}.broken`;
    await rename(this.#path(sandboxId), kept);
    return kept;
  }

  /** Ids of all sandboxes with a record, whole or not. */
  async ids(): Promise<readonly string[]> {
    const names = await listFolder(this.#dir);
    return [...new Set(names.flatMap((name) => NAME.exec(name)?.[1] ?? []))];
  }

  #path(sandboxId: string): string {
    return join(this.#dir, `${sandboxId}.json`);
  }
}
