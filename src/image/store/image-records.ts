/**
 * The images: one JSON record each, all of them in memory.
 *
 * INVARIANTS
 * - Memory and disk change in the same turn of the event loop.
 * - A tag belongs to one image. Every image has all its layers.
 * - An unreadable record never blocks the start: it is renamed to `*.bad` and logged.
 */
import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { isBoxError, messageOf } from '../../errors.ts';
import { digestSchema, hexOf } from '../digest.ts';
import type { ImageLog } from '../image-log.ts';
import { formatReference, parseReference } from '../reference.ts';
import { fileError, syncDirectory, writeDurable } from './durable-file.ts';
import type { StorePaths } from './paths.ts';

/** Docker's shortest displayed id; shorter ones are taken for names. */
const MIN_ID_PREFIX = 12;

const recordSchema = z.object({
  version: z.literal(1),
  /** Config digest. */
  id: digestSchema,
  /** Normalised, `HOST/PATH:TAG`. */
  repoTags: z.array(z.string()),
  /** Normalised, `HOST/PATH@DIGEST` of the manifest or index that was asked for. */
  repoDigests: z.array(z.string()),
  /** Milliseconds since the epoch of the latest pull; the newer image wins if two records have the same tag. */
  pulledAt: z.number(),
  configSize: z.int().positive(),
  config: z.object({
    user: z.string(),
    env: z.array(z.string()),
    entrypoint: z.array(z.string()),
    cmd: z.array(z.string()),
    workingDir: z.string(),
    stopSignal: z.string(),
    labels: z.record(z.string(), z.string()),
  }),
  /** The platform's manifest: which blob each layer came from, bottom first. */
  manifestDigest: digestSchema,
  layers: z.array(
    z.object({ diffId: digestSchema, digest: digestSchema, size: z.int().nonnegative(), mediaType: z.string() }),
  ),
});
export type ImageRecord = Readonly<z.infer<typeof recordSchema>>;

export class ImageRecords {
  readonly #paths: StorePaths;
  readonly #log: ImageLog;
  readonly #records = new Map<string, ImageRecord>();

  /** Reads all records. `hasLayer` says which layers exist: an image that lacks one is set aside. */
  constructor(paths: StorePaths, log: ImageLog, hasLayer: (diffId: string) => boolean) {
    this.#paths = paths;
    this.#log = log;
    for (const name of readdirSync(paths.images)) {
      if (name.endsWith('.json')) this.#load(path.join(paths.images, name), hasLayer);
    }
    this.#settleTags();
  }

  list(): readonly ImageRecord[] {
    return [...this.#records.values()];
  }

  get(id: string): ImageRecord | undefined {
    return this.#records.get(id);
  }

  /** By id, normalised name, or unique id prefix. */
  find(text: string): ImageRecord | undefined {
    const exact = this.#records.get(text.startsWith('sha256:') ? text : `sha256:${text}`);
    return exact ?? this.#findByName(text) ?? this.#findByPrefix(text);
  }

  /** The image that a manifest or index of this digest was pulled as, from whatever repository. */
  findByDigest(digest: string): ImageRecord | undefined {
    return this.list().find(
      ({ manifestDigest, repoDigests }) =>
        manifestDigest === digest || repoDigests.some((name) => name.endsWith(`@${digest}`)),
    );
  }

  /** Saves a record; tags that other images had move to it. @throws BoxError DISK_FULL or INTERNAL. */
  put(record: ImageRecord): void {
    this.#save(record);
    for (const other of this.list()) {
      if (other.id === record.id) continue;
      const repoTags = other.repoTags.filter((tag) => !record.repoTags.includes(tag));
      if (repoTags.length === other.repoTags.length) continue;
      // Memory first: the tag has moved, whether or not this file can be written (#settleTags makes up for it).
      this.#records.set(other.id, { ...other, repoTags });
      this.#save({ ...other, repoTags });
    }
  }

  /** Forgets an image; unknown: nothing to do. */
  delete(id: string): void {
    if (!this.#records.delete(id)) return;
    const file = this.#fileOf(id);
    try {
      rmSync(file, { force: true });
      syncDirectory(this.#paths.images);
    } catch (error) {
      throw fileError(error, file, 'cannot be removed');
    }
  }

  #fileOf(id: string): string {
    return path.join(this.#paths.images, `${hexOf(id)}.json`);
  }

  #save(record: ImageRecord): void {
    writeDurable(this.#fileOf(record.id), JSON.stringify(record), this.#paths.ingest);
    this.#records.set(record.id, record);
  }

  #findByName(text: string): ImageRecord | undefined {
    let name: string;
    try {
      name = formatReference(parseReference(text));
    } catch (error) {
      if (isBoxError(error, 'INVALID_REFERENCE')) return undefined;
      throw error;
    }
    return this.list().find(({ repoTags, repoDigests }) => repoTags.includes(name) || repoDigests.includes(name));
  }

  #findByPrefix(text: string): ImageRecord | undefined {
    const hex = text.startsWith('sha256:') ? text.slice('sha256:'.length) : text;
    if (hex.length < MIN_ID_PREFIX || !/^[0-9a-f]+$/.test(hex)) return undefined;
    const matches = this.list().filter(({ id }) => hexOf(id).startsWith(hex));
    return matches.length === 1 ? matches[0] : undefined;
  }

  #load(file: string, hasLayer: (diffId: string) => boolean): void {
    try {
      const record = recordSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
      if (this.#fileOf(record.id) !== file) throw new Error(`it is of image ${record.id}`);
      const missing = record.layers.find(({ diffId }) => !hasLayer(diffId));
      if (missing !== undefined) throw new Error(`its layer ${missing.diffId} is missing`);
      this.#records.set(record.id, record);
    } catch (error) {
      this.#log.warn({ file, error: messageOf(error) }, 'image record set aside as .bad: pull the image again');
      this.#setAside(file);
    }
  }

  #setAside(file: string): void {
    try {
      renameSync(file, `${file}.bad`);
    } catch (error) {
      this.#log.warn({ file, error: messageOf(error) }, 'bad image record could not be renamed');
    }
  }

  /** A crash between two writes of put() leaves a tag on both images. */
  #settleTags(): void {
    const owners = new Map<string, ImageRecord>();
    for (const record of [...this.#records.values()].sort((a, b) => a.pulledAt - b.pulledAt)) {
      for (const tag of record.repoTags) owners.set(tag, record);
    }
    for (const record of this.list()) {
      const repoTags = record.repoTags.filter((tag) => owners.get(tag) === record);
      if (repoTags.length !== record.repoTags.length) this.#save({ ...record, repoTags });
    }
  }
}
