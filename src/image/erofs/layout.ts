/**
 * Gives every inode of a tree its place. Pure: needs names and sizes only, so that the metadata can then be written in one
 * sequential pass.
 */
import { type DirectoryPlan, planDirectory } from './directory.ts';
import { BLOCK, INODE_BYTES, INODE_SLOT, type Layout, xattrBytes } from './format.ts';
import type { DirectoryNode, FsNode } from './nodes.ts';

/** Targets up to this length go behind their inode (they must not cross a block). */
export const MAX_INLINE_SYMLINK = 3584;

export interface PlacedInode {
  readonly node: FsNode;
  /** Byte offset in the inode area; nid × 32. */
  readonly offset: number;
  readonly ino: number;
  readonly layout: Layout;
  readonly xattrBytes: number;
  /** Bytes stored behind inode and xattrs. */
  readonly tail: number;
  nlink: number;
  readonly directory?: PlacedDirectory;
}

export interface PlacedDirectory {
  readonly plan: DirectoryPlan;
  readonly node: DirectoryNode;
  readonly parent: FsNode;
  /** First block in the directory area. */
  readonly firstBlock: number;
}

export interface TreeLayout {
  /** In the order of their offsets; the root is the first. */
  readonly inodes: readonly PlacedInode[];
  readonly byNode: ReadonlyMap<FsNode, PlacedInode>;
  readonly directoryBlocks: number;
  /** Bytes of the inode area, with the 64 spare bytes that fsck.erofs 1.5 reads after the last inode. */
  readonly inodeAreaBytes: number;
}

export function nidOf(inode: PlacedInode): number {
  return inode.offset / INODE_SLOT;
}

/** The first slot at or after `from` where the inode does not cross a block, nor its tail. */
function findSlot(from: number, bodyBytes: number, tail: number): number {
  let offset = Math.ceil(from / INODE_SLOT) * INODE_SLOT;
  for (;;) {
    const headFits = (offset % BLOCK) + INODE_BYTES <= BLOCK;
    const tailStart = (offset + bodyBytes) % BLOCK;
    if (headFits && tailStart + tail <= BLOCK) return offset;
    offset += INODE_SLOT;
  }
}

function tailOf(node: FsNode, plan: DirectoryPlan | undefined): number {
  if (plan !== undefined) return plan.inlineTail;
  return node.kind === 'symlink' && node.target.length <= MAX_INLINE_SYMLINK ? node.target.length : 0;
}

export function layoutTree(root: DirectoryNode): TreeLayout {
  const byNode = new Map<FsNode, PlacedInode>();
  const inodes: PlacedInode[] = [];
  let directoryBlocks = 0;
  // Slot 0 stays unused: nid 0 is no inode.
  let end = INODE_BYTES;

  const place = (node: FsNode, parent: FsNode): void => {
    const plan = node.kind === 'directory' ? planDirectory(node.children.keys()) : undefined;
    const xattrs = xattrBytes(node.attributes.xattrs);
    const tail = tailOf(node, plan);
    const offset = findSlot(end, INODE_BYTES + xattrs, tail);
    end = offset + INODE_BYTES + xattrs + tail;
    const placed: PlacedInode = {
      node,
      offset,
      ino: inodes.length + 1,
      layout: tail > 0 ? 'inline' : 'plain',
      xattrBytes: xattrs,
      tail,
      nlink: node.kind === 'directory' ? 2 : 1,
      ...(plan !== undefined && node.kind === 'directory'
        ? { directory: { plan, node, parent, firstBlock: directoryBlocks } }
        : {}),
    };
    directoryBlocks += plan?.blocks ?? 0;
    byNode.set(node, placed);
    inodes.push(placed);
  };

  place(root, root);
  // `inodes` grows while it is walked: breadth first, the children of a directory side by side.
  for (const placed of inodes) {
    if (placed.directory === undefined) continue;
    const { plan, node } = placed.directory;
    for (const name of plan.names) {
      const child = node.children.get(name);
      if (child === undefined) continue;
      const known = byNode.get(child);
      if (known !== undefined) known.nlink += 1;
      else place(child, node);
      if (child.kind === 'directory') placed.nlink += 1;
    }
  }
  return { inodes, byNode, directoryBlocks, inodeAreaBytes: end + INODE_BYTES };
}
