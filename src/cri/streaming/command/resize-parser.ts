/** The resize stream: JSON objects `{"Width":80,"Height":24}`, with or without white space between them. */
import { z } from 'zod';
import { BoxError } from '../../../errors.ts';
import type { TerminalSize } from '../../../runtime/streams.ts';

/** Of one object; such a one has about thirty letters. */
const MAX_OBJECT = 256;

const sizeSchema = z
  .object({ Width: z.int().min(0).max(0xffff), Height: z.int().min(0).max(0xffff) })
  .transform(({ Width, Height }): TerminalSize => ({ width: Width, height: Height }));

/** INVARIANT: `#text` is the beginning of one object and not longer than MAX_OBJECT. Of no use after it has thrown. */
export class ResizeParser {
  #text = '';

  /** The sizes that are complete now, without those that name no size (a client that does not know its own). */
  push(bytes: Buffer): readonly TerminalSize[] {
    const sizes: TerminalSize[] = [];
    const pieces = bytes.toString('latin1').split('}');
    for (const [i, piece] of pieces.entries()) {
      this.#text += piece;
      if (this.#text.length > MAX_OBJECT) throw malformed(`is longer than ${MAX_OBJECT} letters`);
      if (i === pieces.length - 1) break;
      const size = parseSize(`${this.#text}}`);
      if (size.width > 0 && size.height > 0) sizes.push(size);
      this.#text = '';
    }
    return sizes;
  }
}

function parseSize(text: string): TerminalSize {
  try {
    return sizeSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw malformed('is not {"Width":…,"Height":…}', cause);
  }
}

function malformed(what: string, cause?: unknown): BoxError {
  return new BoxError('INVALID_REQUEST', `a terminal size ${what}`, { cause });
}
