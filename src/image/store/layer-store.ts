/**
 * The layers on disk: `<hex diffID>.erofs` and its sidecar `<hex diffID>.json`.
 *
 * INVARIANTS
 * - `#layers` holds exactly the layers whose two files are published; memory changes in the same turn as the rename.
 * - A layer is taken away only if no image uses it and nobody holds it (`hold`).
 */
import { randomUUID } from 'node:crypto';
import { renameSync } from 'node:fs';
import { link, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { BoxError, errnoOf, messageOf } from '../../errors.ts';
import { removeLeftover } from '../../remove-leftover.ts';
import { digestSchema, hexOf } from '../digest.ts';
import type { ImageLog } from '../image-log.ts';
import type { LinkedLayer } from '../image-service.ts';
import { fileError, replaceFile, syncDirectory } from './durable-file.ts';
import { layerFileName, type StorePaths, sidecarFileName } from './paths.ts';

const sidecarSchema = z.object({
  version: z.literal(1),
  diffId: digestSchema,
  impliedDirs: z.array(z.string()),
  rootOpaque: z.boolean(),
  /** Bytes of the EROFS file and of the tar it was made of. */
  erofsSize: z.int().positive(),
  tarSize: z.int().nonnegative(),
});
type Sidecar = z.infer<typeof sidecarSchema>;

export interface NewLayer {
  readonly impliedDirs: readonly string[];
  readonly rootOpaque: boolean;
  readonly erofsSize: number;
  readonly tarSize: number;
}

export class LayerStore {
  readonly #paths: StorePaths;
  readonly #log: ImageLog;
  readonly #layers = new Map<string, Sidecar>();
  readonly #holds = new Map<string, number>();

  private constructor(paths: StorePaths, log: ImageLog) {
    this.#paths = paths;
    this.#log = log;
  }

  /** Reads all sidecars; whatever is not a whole layer is removed. */
  static async open(paths: StorePaths, log: ImageLog): Promise<LayerStore> {
    const store = new LayerStore(paths, log);
    const names = new Set(await readdir(paths.layers));
    for (const name of names) {
      const hex = /^([0-9a-f]{64})\.json$/.exec(name)?.[1];
      if (hex !== undefined && names.has(`${hex}.erofs`)) await store.#load(`sha256:${hex}`);
    }
    for (const name of names) {
      if (!store.#layers.has(`sha256:${name.split('.', 1)[0] ?? ''}`))
        await removeLeftover('half a layer', path.join(paths.layers, name), log);
    }
    return store;
  }

  has(diffId: string): boolean {
    return this.#layers.has(diffId);
  }

  /** Bytes of the layer's file; 0 if it is not here. */
  sizeOf(diffId: string): number {
    return this.#layers.get(diffId)?.erofsSize ?? 0;
  }

  get usage(): { readonly bytes: number; readonly files: number } {
    let bytes = 0;
    for (const { erofsSize } of this.#layers.values()) bytes += erofsSize;
    return { bytes, files: this.#layers.size * 2 };
  }

  /** Keeps layers, present or still to come, from being collected until the returned function is called. */
  hold(diffIds: readonly string[]): () => void {
    for (const diffId of diffIds) this.#holds.set(diffId, (this.#holds.get(diffId) ?? 0) + 1);
    return () => {
      for (const diffId of diffIds) {
        const left = (this.#holds.get(diffId) ?? 1) - 1;
        if (left > 0) this.#holds.set(diffId, left);
        else this.#holds.delete(diffId);
      }
    };
  }

  /** A new file name for a layer in the making. */
  newIngestPath(): string {
    return path.join(this.#paths.ingest, `${randomUUID()}.erofs`);
  }

  /** Makes a finished file of the ingest folder a layer; the folder itself is synced by `sync`. @throws BoxError DISK_FULL. */
  async publish(diffId: string, ingestPath: string, layer: NewLayer): Promise<void> {
    await flushFile(ingestPath);
    // another registry's transfer was faster
    if (this.#layers.has(diffId)) return;
    const sidecar: Sidecar = { version: 1, diffId, ...layer, impliedDirs: [...layer.impliedDirs] };
    replaceFile(path.join(this.#paths.layers, sidecarFileName(diffId)), JSON.stringify(sidecar), this.#paths.ingest);
    renameSync(ingestPath, path.join(this.#paths.layers, layerFileName(diffId)));
    this.#layers.set(diffId, sidecar);
  }

  /** Makes all published layers durable; to be called before a record names them. */
  sync(): void {
    syncDirectory(this.#paths.layers);
  }

  /** Removes every layer that is neither used nor held. */
  async collect(isUsed: (diffId: string) => boolean): Promise<void> {
    const doomed = [...this.#layers.keys()].filter((diffId) => !isUsed(diffId) && !this.#holds.has(diffId));
    const trash = doomed.flatMap((diffId) => this.#moveAside(diffId));
    for (const file of trash) await rm(file, { force: true });
    if (doomed.length > 0) this.#log.info({ layers: doomed.length }, 'removed unused layers');
  }

  /**
   * Hard-links layers into `dir`, bottom first; a layer that stands twice in the image is given once, at its upper place, which
   * covers the lower one. @throws BoxError IMAGE_NOT_FOUND, DISK_FULL or INTERNAL.
   */
  async link(diffIds: readonly string[], dir: string): Promise<readonly LinkedLayer[]> {
    const linked: LinkedLayer[] = [];
    for (const [index, diffId] of diffIds.entries()) {
      if (diffIds.includes(diffId, index + 1)) continue;
      const sidecar = this.#layers.get(diffId);
      if (sidecar === undefined)
        throw new BoxError('IMAGE_NOT_FOUND', `layer ${diffId} is not in the store: pull the image again`);
      const name = layerFileName(diffId);
      await linkFile(path.join(this.#paths.layers, name), path.join(dir, name));
      linked.push({ name, impliedDirs: sidecar.impliedDirs, rootOpaque: sidecar.rootOpaque });
    }
    return linked;
  }

  async #load(diffId: string): Promise<void> {
    const file = path.join(this.#paths.layers, sidecarFileName(diffId));
    try {
      const sidecar = sidecarSchema.parse(JSON.parse(await readFile(file, 'utf8')));
      if (sidecar.diffId !== diffId) throw new Error(`it is of layer ${sidecar.diffId}`);
      const { size } = await stat(path.join(this.#paths.layers, layerFileName(diffId)));
      if (size !== sidecar.erofsSize) throw new Error(`the layer has ${size} bytes, not ${sidecar.erofsSize}`);
      this.#layers.set(diffId, sidecar);
    } catch (error) {
      this.#log.warn({ file, error: messageOf(error) }, 'layer removed: it does not match its sidecar');
    }
  }

  /** Renames in one turn with the change in memory, so that a pull which finds the layer missing can publish it anew at once. */
  #moveAside(diffId: string): readonly string[] {
    this.#layers.delete(diffId);
    const trash: string[] = [];
    for (const name of [layerFileName(diffId), sidecarFileName(diffId)]) {
      const target = path.join(this.#paths.ingest, `trash-${randomUUID()}-${hexOf(diffId).slice(0, 12)}`);
      try {
        renameSync(path.join(this.#paths.layers, name), target);
        trash.push(target);
      } catch (error) {
        this.#log.warn({ diffId, file: name, error: messageOf(error) }, 'layer file could not be removed');
      }
    }
    return trash;
  }
}

async function flushFile(file: string): Promise<void> {
  try {
    const handle = await open(file, 'r');
    try {
      // Read-only for ever after, and readable by a VMM of another user, whatever the umask.
      await handle.chmod(0o444);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError(error, file, 'cannot be flushed');
  }
}

async function linkFile(source: string, target: string): Promise<void> {
  try {
    await link(source, target);
  } catch (error) {
    // Another container of the same sandbox uses the layer already; the name is the content's digest.
    if (errnoOf(error) === 'EEXIST') return;
    if (errnoOf(error) === 'EXDEV') {
      throw new BoxError(
        'INTERNAL',
        `${target} is on another file system than the image store (${source}): put both below the same --root`,
        { cause: error },
      );
    }
    throw fileError(error, target, 'cannot be linked to its layer');
  }
}
