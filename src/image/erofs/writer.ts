/**
 * Writes one EROFS image front to back: block 0 is left for the superblock, then file data as it comes, then directory
 * blocks, then the inode area; the superblock last. One pass, no seek but the last.
 *
 * INVARIANTS
 * - Between files the position is block-aligned; a file's data starts at a block.
 * - beginFile, its data, endFile; finish comes once, after the last file.
 */
import { BlockFile } from './block-file.ts';
import { type EntryTarget, encodeDirectoryBlock } from './directory.ts';
import { BLOCK, encodeBlockZero, encodeDevice, encodeInode, encodeXattrs, INODE_BYTES } from './format.ts';
import {
  layoutTree,
  MAX_INLINE_SYMLINK,
  nidOf,
  type PlacedDirectory,
  type PlacedInode,
  type TreeLayout,
} from './layout.ts';
import type { DirectoryNode, FsNode } from './nodes.ts';

export class ErofsWriter {
  readonly #file: BlockFile;

  /** `fd`: an empty file, opened for writing; the caller closes it. */
  constructor(fd: number) {
    this.#file = new BlockFile(fd);
    this.#file.zeros(BLOCK);
  }

  /** The block where the data written next will lie. */
  beginFile(): number {
    return this.#file.position / BLOCK;
  }

  data(chunk: Buffer): void {
    this.#file.write(chunk);
  }

  endFile(): void {
    this.#file.alignToBlock();
  }

  /** Stores a symlink target that is too long for its inode; returns its block, 0 if the inode can hold it. */
  storeTarget(target: string): number {
    if (target.length <= MAX_INLINE_SYMLINK) return 0;
    const block = this.beginFile();
    this.data(Buffer.from(target, 'latin1'));
    this.endFile();
    return block;
  }

  /** Writes the tree and the superblock. `uuid`: 16 bytes. Returns the image's size in bytes. */
  finish(root: DirectoryNode, uuid: Buffer): number {
    const layout = layoutTree(root);
    const directoryStart = this.#file.position / BLOCK;
    for (const inode of layout.inodes) {
      if (inode.directory !== undefined) this.#writeDirectory(inode.directory, layout);
    }
    const metaBlock = this.#file.position / BLOCK;
    this.#writeInodes(layout, directoryStart);
    this.#file.alignToBlock();
    this.#file.flush();
    const rootInode = layout.byNode.get(root);
    const blockZero = encodeBlockZero({
      rootNid: rootInode === undefined ? 0 : nidOf(rootInode),
      inodes: layout.inodes.length,
      buildTimeSeconds: newestMtime(layout),
      blocks: this.#file.position / BLOCK,
      metaBlock,
      uuid,
    });
    this.#file.writeAt(blockZero, 0);
    return this.#file.position;
  }

  #writeDirectory(directory: PlacedDirectory, layout: TreeLayout): void {
    for (let index = 0; index < directory.plan.blocks; index += 1) {
      const block = Buffer.alloc(BLOCK);
      encodeDirectoryBlock(block, directory.plan, index, (name) => targetOf(directory, name, layout));
      this.#file.write(block);
    }
  }

  #writeInodes(layout: TreeLayout, directoryStart: number): void {
    const start = this.#file.position;
    for (const inode of layout.inodes) {
      this.#file.zeros(start + inode.offset - this.#file.position);
      const { node } = inode;
      const bytes = Buffer.alloc(INODE_BYTES);
      encodeInode(bytes, 0, {
        kind: node.kind,
        attributes: node.attributes,
        layout: inode.layout,
        xattrBytes: inode.xattrBytes,
        size: sizeOf(inode),
        union: unionOf(inode, directoryStart),
        ino: inode.ino,
        nlink: inode.nlink,
      });
      this.#file.write(bytes);
      if (inode.xattrBytes > 0) this.#file.write(encodeXattrs(node.attributes.xattrs));
      if (inode.tail > 0) this.#file.write(tailBytes(inode, layout));
    }
    this.#file.zeros(start + layout.inodeAreaBytes - this.#file.position);
  }
}

function targetOf(directory: PlacedDirectory, name: string, layout: TreeLayout): EntryTarget {
  const node = entryNode(directory, name);
  const inode = node === undefined ? undefined : layout.byNode.get(node);
  if (node === undefined || inode === undefined)
    throw new Error(`directory entry ${JSON.stringify(name)} has no inode`);
  return { nid: nidOf(inode), kind: node.kind };
}

function entryNode(directory: PlacedDirectory, name: string): FsNode | undefined {
  if (name === '.') return directory.node;
  return name === '..' ? directory.parent : directory.node.children.get(name);
}

function tailBytes(inode: PlacedInode, layout: TreeLayout): Buffer {
  const { node, directory } = inode;
  if (node.kind === 'symlink') return Buffer.from(node.target, 'latin1');
  if (directory === undefined) throw new Error(`inode ${inode.ino} has a tail but no content for it`);
  const block = Buffer.alloc(BLOCK);
  const used = encodeDirectoryBlock(block, directory.plan, directory.plan.starts.length - 1, (name) =>
    targetOf(directory, name, layout),
  );
  return block.subarray(0, used);
}

function sizeOf(inode: PlacedInode): number {
  const { node } = inode;
  switch (node.kind) {
    case 'directory':
      return inode.directory?.plan.size ?? 0;
    case 'file':
      return node.size;
    case 'symlink':
      return node.target.length;
    case 'char':
    case 'block':
    case 'fifo':
      return 0;
  }
}

function unionOf(inode: PlacedInode, directoryStart: number): number {
  const { node } = inode;
  switch (node.kind) {
    case 'directory':
      return directoryStart + (inode.directory?.firstBlock ?? 0);
    case 'file':
    case 'symlink':
      return node.block;
    case 'char':
    case 'block':
      return encodeDevice(node.major, node.minor);
    case 'fifo':
      return 0;
  }
}

/** Deterministic, unlike the clock. */
function newestMtime(layout: TreeLayout): number {
  return layout.inodes.reduce((newest, inode) => Math.max(newest, inode.node.attributes.mtimeSeconds), 0);
}
