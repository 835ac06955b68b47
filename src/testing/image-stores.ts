/** Image stores in temporary folders, for tests. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ImageStore } from '../image/image-store.ts';
import { type ImageStoreOptions, openImageStore } from '../image/open-image-store.ts';

export interface LogLine {
  readonly level: 'info' | 'warn';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface StoreRig {
  readonly root: string;
  readonly registryConfigDir: string;
  readonly log: LogLine[];
  /** Opens the store, again after a close. */
  open(options?: Partial<ImageStoreOptions>): Promise<ImageStore>;
  /** Writes a hosts.toml. */
  hosts(host: string, toml: string): void;
  /** Every file below the root, sorted, relative. */
  files(): string[];
  remove(): void;
}

export function storeRig(): StoreRig {
  const scratch = mkdtempSync(path.join(tmpdir(), 'image-store-'));
  const root = path.join(scratch, 'root');
  const registryConfigDir = path.join(scratch, 'certs.d');
  const log: LogLine[] = [];
  const logger = {
    info: (fields: Readonly<Record<string, unknown>>, message: string) =>
      void log.push({ level: 'info', message, fields }),
    warn: (fields: Readonly<Record<string, unknown>>, message: string) =>
      void log.push({ level: 'warn', message, fields }),
  };
  return {
    root,
    registryConfigDir,
    log,
    open: (options = {}) => openImageStore({ root, registryConfigDir, log: logger, ...options }),
    hosts: (host, toml) => {
      mkdirSync(path.join(registryConfigDir, host), { recursive: true });
      writeFileSync(path.join(registryConfigDir, host, 'hosts.toml'), toml);
    },
    files: () =>
      readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory())
        .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
        .sort(),
    remove: () => rmSync(scratch, { recursive: true, force: true }),
  };
}
