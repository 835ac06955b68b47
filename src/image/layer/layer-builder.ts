/** Joins the tar reader, the layer's tree and the EROFS writer: tar bytes in, one finished image file out. */

import { BoxError } from '../../errors.ts';
import { ErofsWriter } from '../erofs/writer.ts';
import type { TarEntry, TarSink } from '../tar/entry.ts';
import { TarReader } from '../tar/reader.ts';
import { finishLayer, type LayerFacts } from './finish-layer.ts';
import { LayerTree } from './layer-tree.ts';
import type { LayerLimits } from './limits.ts';

export interface BuiltLayer extends LayerFacts {
  readonly erofsSize: number;
  readonly tarSize: number;
  readonly droppedXattrs: readonly string[];
}

/** INVARIANT: `#left` bytes of the current file's data are still to come; the writer is between files when it is 0. */
export class LayerBuilder implements TarSink {
  readonly #limits: LayerLimits;
  readonly #writer: ErofsWriter;
  readonly #tree: LayerTree;
  readonly #reader = new TarReader(this);
  #tarSize = 0;
  #left = 0;

  /** `fd`: an empty file opened for writing; the caller closes it. */
  constructor(fd: number, limits: LayerLimits) {
    this.#limits = limits;
    this.#writer = new ErofsWriter(fd);
    this.#tree = new LayerTree(limits, {
      fileBlock: () => this.#writer.beginFile(),
      targetBlock: (target) => this.#writer.storeTarget(target),
    });
  }

  /** Eats uncompressed tar bytes. @throws BoxError LAYER_INVALID, LAYER_LIMIT, or the file system's error. */
  push(chunk: Buffer): void {
    this.#tarSize += chunk.length;
    if (this.#tarSize > this.#limits.maxUncompressedBytes) {
      throw new BoxError('LAYER_LIMIT', `layer is more than ${this.#limits.maxUncompressedBytes} bytes uncompressed`);
    }
    this.#reader.push(chunk);
  }

  entry(entry: TarEntry): void {
    this.#tree.add(entry);
    this.#left = entry.size;
  }

  data(chunk: Buffer): void {
    this.#writer.data(chunk);
    this.#left -= chunk.length;
    if (this.#left === 0) this.#writer.endFile();
  }

  /** Ends the archive and writes the metadata. `uuid`: 16 bytes, never all zero (overlayfs warns on null and equal ones). */
  finish(uuid: Buffer): BuiltLayer {
    this.#reader.finish();
    const facts = finishLayer(this.#tree.result);
    const erofsSize = this.#writer.finish(this.#tree.result.root, uuid);
    return { ...facts, erofsSize, tarSize: this.#tarSize, droppedXattrs: this.#tree.droppedXattrs };
  }
}
