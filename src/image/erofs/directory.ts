/** Directory blocks: 12-byte entries, then their names; entries sorted by bytes over the whole directory. */
import { BLOCK, entryType, writeUInt64 } from './format.ts';
import type { FsNode } from './nodes.ts';

const ENTRY_BYTES = 12;
/** A longer last block is stored as a whole block: it might not fit behind its inode in one block. */
const MAX_INLINE_TAIL = 3584;

/** How a directory's names fall into blocks. Only names matter for it, so it is known before any nid is. */
export interface DirectoryPlan {
  /** Sorted, "." and ".." included. */
  readonly names: readonly string[];
  /** Index of the first name of each block. */
  readonly starts: readonly number[];
  /** Blocks in the directory area. */
  readonly blocks: number;
  /** Bytes of the last block if it goes behind the inode, else 0. */
  readonly inlineTail: number;
  readonly size: number;
}

export interface EntryTarget {
  readonly nid: number;
  readonly kind: FsNode['kind'];
}

export function planDirectory(children: Iterable<string>): DirectoryPlan {
  const names = ['.', '..', ...children].sort();
  const starts = [0];
  let used = 0;
  for (const [index, name] of names.entries()) {
    const bytes = ENTRY_BYTES + name.length;
    if (used + bytes > BLOCK) {
      starts.push(index);
      used = 0;
    }
    used += bytes;
  }
  const isInline = used <= MAX_INLINE_TAIL;
  return {
    names,
    starts,
    blocks: isInline ? starts.length - 1 : starts.length,
    inlineTail: isInline ? used : 0,
    size: (starts.length - 1) * BLOCK + used,
  };
}

/** Encodes block `index` of a planned directory at the start of `out` (zeroed, at least one block); returns the bytes used. */
export function encodeDirectoryBlock(
  out: Buffer,
  plan: DirectoryPlan,
  index: number,
  targetOf: (name: string) => EntryTarget,
): number {
  const first = plan.starts[index] ?? plan.names.length;
  const names = plan.names.slice(first, plan.starts[index + 1]);
  let nameAt = names.length * ENTRY_BYTES;
  let at = 0;
  for (const name of names) {
    const target = targetOf(name);
    writeUInt64(out, target.nid, at);
    out.writeUInt16LE(nameAt, at + 8);
    out.writeUInt8(entryType[target.kind], at + 10);
    out.write(name, nameAt, 'latin1');
    at += ENTRY_BYTES;
    nameAt += name.length;
  }
  return nameAt;
}
