/** On-disk structures of EROFS: uncompressed, 4 KiB blocks, extended inodes (Linux fs/erofs/erofs_fs.h; little-endian). */
import { crc32c } from './crc32c.ts';
import type { Attributes, FsNode } from './nodes.ts';

export const BLOCK = 4096;
const SUPERBLOCK_OFFSET = 1024;
const MAGIC = 0xe0f5e1e2;
const FEATURE_SB_CHKSUM = 1;
const FEATURE_MTIME = 2;
export const INODE_SLOT = 32;
export const INODE_BYTES = 64;
const XATTR_HEADER_BYTES = 12;
/** The inode's u16 xattr count is in units of 4 bytes after the header, plus one. */
export const MAX_XATTR_BYTES = 0xfffe * 4 + XATTR_HEADER_BYTES;
export const MAX_XATTR_VALUE = 0xffff;

/** Data layout of an inode, in bits 1–3 of its format field. */
export type Layout = 'plain' | 'inline';
const layoutBits: Readonly<Record<Layout, number>> = { plain: 0, inline: 2 };

const typeBits: Readonly<Record<FsNode['kind'], number>> = {
  file: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  char: 0o020000,
  block: 0o060000,
  fifo: 0o010000,
};

/** File type byte of a directory entry. */
export const entryType: Readonly<Record<FsNode['kind'], number>> = {
  file: 1,
  directory: 2,
  char: 3,
  block: 4,
  fifo: 5,
  symlink: 7,
};

const xattrPrefixes: readonly (readonly [prefix: string, index: number])[] = [
  ['user.', 1],
  ['system.posix_acl_access', 2],
  ['system.posix_acl_default', 3],
  ['trusted.', 4],
  ['security.', 6],
];

/** Splits an attribute name into EROFS's prefix index and the rest; undefined: EROFS cannot hold it. */
export function splitXattrName(name: string): { readonly index: number; readonly rest: string } | undefined {
  for (const [prefix, index] of xattrPrefixes) {
    // The ACL names are whole names; the others need something after the dot.
    if (prefix.endsWith('.') ? name.startsWith(prefix) && name.length > prefix.length : name === prefix) {
      return { index, rest: name.slice(prefix.length) };
    }
  }
  return undefined;
}

function align4(size: number): number {
  return (size + 3) & ~3;
}

/** Bytes the attributes take after the inode; 0 if there are none. */
export function xattrBytes(xattrs: Attributes['xattrs']): number {
  if (xattrs.size === 0) return 0;
  let total = XATTR_HEADER_BYTES;
  for (const [name, value] of xattrs) total += align4(4 + (splitXattrName(name)?.rest.length ?? 0) + value.length);
  return total;
}

export function encodeXattrs(xattrs: Attributes['xattrs']): Buffer {
  const out = Buffer.alloc(xattrBytes(xattrs));
  let at = XATTR_HEADER_BYTES;
  for (const [name, value] of xattrs) {
    const split = splitXattrName(name);
    if (split === undefined) throw new Error(`extended attribute ${name} has no EROFS prefix`);
    out.writeUInt8(split.rest.length, at);
    out.writeUInt8(split.index, at + 1);
    out.writeUInt16LE(value.length, at + 2);
    out.write(split.rest, at + 4, 'latin1');
    value.copy(out, at + 4 + split.rest.length);
    at += align4(4 + split.rest.length + value.length);
  }
  return out;
}

/** Linux new_encode_dev. */
export function encodeDevice(major: number, minor: number): number {
  return ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & ~0xff) << 12)) >>> 0;
}

export interface InodeFields {
  readonly kind: FsNode['kind'];
  readonly attributes: Attributes;
  readonly layout: Layout;
  readonly xattrBytes: number;
  readonly size: number;
  /** Block address of the data, or the encoded device number. */
  readonly union: number;
  readonly ino: number;
  readonly nlink: number;
}

/** Writes a 64-byte extended inode at `offset` of a zeroed buffer. */
export function encodeInode(out: Buffer, offset: number, inode: InodeFields): void {
  const { attributes } = inode;
  out.writeUInt16LE(1 | (layoutBits[inode.layout] << 1), offset);
  out.writeUInt16LE(inode.xattrBytes === 0 ? 0 : (inode.xattrBytes - XATTR_HEADER_BYTES) / 4 + 1, offset + 2);
  out.writeUInt16LE(typeBits[inode.kind] | attributes.mode, offset + 4);
  writeUInt64(out, inode.size, offset + 8);
  out.writeUInt32LE(inode.union, offset + 16);
  out.writeUInt32LE(inode.ino, offset + 20);
  out.writeUInt32LE(attributes.uid, offset + 24);
  out.writeUInt32LE(attributes.gid, offset + 28);
  out.writeBigInt64LE(BigInt(attributes.mtimeSeconds), offset + 32);
  out.writeUInt32LE(attributes.mtimeNanoseconds, offset + 40);
  out.writeUInt32LE(inode.nlink, offset + 44);
}

/** A non-negative safe integer as u64; two halves are much cheaper than a BigInt. */
export function writeUInt64(out: Buffer, value: number, offset: number): void {
  out.writeUInt32LE(value % 0x1_0000_0000, offset);
  out.writeUInt32LE(Math.floor(value / 0x1_0000_0000), offset + 4);
}

export interface SuperblockFields {
  readonly rootNid: number;
  readonly inodes: number;
  readonly buildTimeSeconds: number;
  readonly blocks: number;
  readonly metaBlock: number;
  /** 16 bytes. */
  readonly uuid: Buffer;
}

/** Block 0: an empty boot area, the superblock, and its checksum over everything from the superblock to the block's end. */
export function encodeBlockZero(fields: SuperblockFields): Buffer {
  const block = Buffer.alloc(BLOCK);
  const at = SUPERBLOCK_OFFSET;
  block.writeUInt32LE(MAGIC, at);
  block.writeUInt32LE(FEATURE_SB_CHKSUM | FEATURE_MTIME, at + 8);
  block.writeUInt8(Math.log2(BLOCK), at + 12);
  block.writeUInt16LE(fields.rootNid, at + 14);
  writeUInt64(block, fields.inodes, at + 16);
  block.writeBigInt64LE(BigInt(fields.buildTimeSeconds), at + 24);
  block.writeUInt32LE(fields.blocks, at + 36);
  block.writeUInt32LE(fields.metaBlock, at + 40);
  fields.uuid.copy(block, at + 48, 0, 16);
  block.writeUInt32LE(crc32c(block.subarray(at)), at + 4);
  return block;
}
