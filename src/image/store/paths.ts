import path from 'node:path';
import { hexOf } from '../digest.ts';

/** Where the image store keeps its files (docs/architecture.md, "Storage"). */
export interface StorePaths {
  readonly root: string;
  /** One EROFS file and one sidecar per layer. */
  readonly layers: string;
  /** One record per image. */
  readonly images: string;
  /** Unfinished files; emptied at start. On the same file system, so that a rename publishes. */
  readonly ingest: string;
}

export function storePaths(root: string): StorePaths {
  return {
    root,
    layers: path.join(root, 'layers', 'sha256'),
    images: path.join(root, 'images'),
    ingest: path.join(root, 'ingest'),
  };
}

export function layerFileName(diffId: string): string {
  return `${hexOf(diffId)}.erofs`;
}

export function sidecarFileName(diffId: string): string {
  return `${hexOf(diffId)}.json`;
}
