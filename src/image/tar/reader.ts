/**
 * A push reader for layer tars: ustar, pax, GNU long names, base-256, v7. Bytes go in by `push`, entries and data come out
 * through the sink, synchronously, without copying file data.
 *
 * INVARIANTS
 * - `state` says what the next byte is; `remaining` counts bytes to the end of that part (data, padding or collected meta).
 * - `longName`, `longLink` and `pax` belong to the next real entry only and are cleared by it.
 * - Nothing here opens, names or follows anything on the host.
 */
import { BoxError } from '../../errors.ts';
import type { TarEntry, TarKind, TarSink, Xattrs } from './entry.ts';
import { isZeroBlock, parseHeader, type RawHeader, TAR_BLOCK, tarError } from './header.ts';
import { nameOfBytes, quoteName } from './names.ts';
import { type PaxOverrides, parsePaxOverrides, parsePaxRecords } from './pax.ts';

/** Bytes of one pax or GNU long-name header (Go's archive/tar has the same limit). */
const MAX_META_BYTES = 1 << 20;
const MAX_ID = 0xffff_ffff;
const NO_XATTRS: Xattrs = new Map();

const kindOfType: Readonly<Record<string, TarKind>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'char',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
  '7': 'file',
};

type State = 'header' | 'meta' | 'data' | 'padding' | 'after-zero-block' | 'end';
type MetaType = 'x' | 'g' | 'L' | 'K';

function isMetaType(type: string): type is MetaType {
  return type === 'x' || type === 'g' || type === 'L' || type === 'K';
}

function padded(size: number): number {
  return Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
}

export class TarReader {
  readonly #sink: TarSink;
  readonly #partial = Buffer.alloc(TAR_BLOCK);
  #partialLength = 0;
  #state: State = 'header';
  #remaining = 0;
  #padding = 0;
  #metaType: MetaType = 'x';
  #meta: Buffer[] = [];
  #metaSize = 0;
  #longName: string | undefined;
  #longLink: string | undefined;
  #pax: PaxOverrides | undefined;
  #where = '';

  constructor(sink: TarSink) {
    this.#sink = sink;
  }

  /** Eats the next bytes. @throws BoxError LAYER_INVALID / LAYER_LIMIT, or what the sink throws. */
  push(chunk: Buffer): void {
    let at = 0;
    // Bytes after the end marker belong to the diffID but to no entry (tar pads to its blocking factor).
    while (at < chunk.length && this.#state !== 'end') {
      at += this.#isBlockState() ? this.#takeBlock(chunk, at) : this.#takeBytes(chunk, at);
    }
  }

  /** To be called after the last byte. An archive may end without end marker at an entry's end, as for Go and GNU tar. */
  finish(): void {
    const clean = this.#isBlockState() || this.#state === 'end';
    const pending = this.#longName !== undefined || this.#longLink !== undefined || this.#pax !== undefined;
    if (!clean || this.#partialLength > 0 || pending) throw tarError(this.#where, 'archive is truncated');
  }

  #isBlockState(): boolean {
    return this.#state === 'header' || this.#state === 'after-zero-block';
  }

  #takeBlock(chunk: Buffer, at: number): number {
    if (this.#partialLength === 0 && chunk.length - at >= TAR_BLOCK) {
      this.#block(chunk.subarray(at, at + TAR_BLOCK));
      return TAR_BLOCK;
    }
    const taken = chunk.copy(this.#partial, this.#partialLength, at);
    this.#partialLength += taken;
    if (this.#partialLength === TAR_BLOCK) {
      this.#partialLength = 0;
      this.#block(this.#partial);
    }
    return taken;
  }

  #takeBytes(chunk: Buffer, at: number): number {
    const part = chunk.subarray(at, at + Math.min(this.#remaining, chunk.length - at));
    this.#remaining -= part.length;
    if (this.#state === 'data') this.#sink.data(part);
    if (this.#state === 'meta') this.#meta.push(Buffer.from(part));
    if (this.#remaining === 0) this.#endOfPart();
    return part.length;
  }

  #endOfPart(): void {
    if (this.#state === 'meta') this.#endOfMeta();
    const padding = this.#state === 'padding' ? 0 : this.#padding;
    this.#enter(padding > 0 ? 'padding' : 'header', padding);
  }

  #enter(state: State, remaining: number): void {
    this.#state = state;
    this.#remaining = remaining;
  }

  #block(block: Buffer): void {
    if (isZeroBlock(block)) {
      this.#state = this.#state === 'after-zero-block' ? 'end' : 'after-zero-block';
      return;
    }
    if (this.#state === 'after-zero-block') throw tarError(this.#where, 'data follows a single zero block');
    const header = parseHeader(block);
    if (header.size < 0) throw tarError(header.path, 'size is negative');
    if (isMetaType(header.type)) this.#startMeta(header.type, header);
    else this.#startEntry(header);
  }

  #startMeta(type: MetaType, header: RawHeader): void {
    if (header.size > MAX_META_BYTES) {
      throw new BoxError(
        'LAYER_LIMIT',
        `layer tar: extended header of ${header.size} bytes is over the limit of ${MAX_META_BYTES} (at entry ${quoteName(header.path)})`,
      );
    }
    this.#where = header.path;
    this.#metaType = type;
    this.#meta = [];
    this.#metaSize = header.size;
    this.#padding = padded(header.size) - header.size;
    this.#enter('meta', header.size);
    if (header.size === 0) this.#endOfPart();
  }

  #endOfMeta(): void {
    const body = Buffer.concat(this.#meta, this.#metaSize);
    this.#meta = [];
    switch (this.#metaType) {
      case 'x':
        this.#pax = parsePaxOverrides(body, this.#where);
        return;
      case 'g':
        // Checked and then ignored, as containerd does: in practice it holds git's commit comment.
        parsePaxRecords(body, this.#where);
        return;
      case 'L':
        this.#longName = this.#gnuName(body);
        return;
      case 'K':
        this.#longLink = this.#gnuName(body);
        return;
    }
  }

  #gnuName(body: Buffer): string {
    const end = body.indexOf(0);
    const name = end < 0 ? body : body.subarray(0, end);
    if (end >= 0 && body.subarray(end).some((byte) => byte !== 0))
      throw tarError(this.#where, 'GNU long name holds a NUL byte');
    return nameOfBytes(name);
  }

  #startEntry(header: RawHeader): void {
    const entry = this.#build(header);
    this.#longName = undefined;
    this.#longLink = undefined;
    this.#pax = undefined;
    this.#where = entry.path;
    this.#padding = padded(entry.size) - entry.size;
    this.#sink.entry(entry);
    if (entry.size > 0) this.#enter('data', entry.size);
    else this.#enter('header', 0);
  }

  #build(header: RawHeader): TarEntry {
    const pax = this.#pax;
    const path = this.#longName ?? pax?.path ?? header.path;
    const kind = kindOf(header.type, path);
    const size = pax?.size ?? header.size;
    if (kind === 'directory' && header.type !== '5' && size > 0)
      throw tarError(path, 'file with data has a name that ends in a slash');
    return {
      kind,
      path,
      linkPath: kind === 'symlink' || kind === 'hardlink' ? (this.#longLink ?? pax?.linkPath ?? header.linkPath) : '',
      mode: header.mode,
      uid: checkedId(pax?.uid ?? header.uid, 'uid', path),
      gid: checkedId(pax?.gid ?? header.gid, 'gid', path),
      // Links, directories and devices have no data whatever their size field says (Go's isHeaderOnly).
      size: kind === 'file' ? size : 0,
      mtimeSeconds: pax?.mtime?.seconds ?? header.mtimeSeconds,
      mtimeNanoseconds: pax?.mtime?.nanoseconds ?? 0,
      deviceMajor: header.deviceMajor,
      deviceMinor: header.deviceMinor,
      xattrs: pax?.xattrs ?? NO_XATTRS,
    };
  }
}

function kindOf(type: string, path: string): TarKind {
  const kind = kindOfType[type];
  if (kind === undefined) {
    const problem = type === 'S' ? 'sparse files are not supported' : `entry type ${quoteName(type)} is not supported`;
    throw tarError(path, problem);
  }
  // Before type 5 existed a directory was a file whose name ends in a slash.
  return kind === 'file' && path.endsWith('/') ? 'directory' : kind;
}

function checkedId(id: number, what: string, path: string): number {
  if (id < 0 || id > MAX_ID) throw tarError(path, `${what} ${id} is out of range`);
  return id;
}
