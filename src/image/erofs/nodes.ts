/** The file tree an EROFS image is made of. Names and targets are latin1 strings: one char per byte. */

export interface Attributes {
  /** Permission, setuid, setgid and sticky bits, without the file type. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeSeconds: number;
  readonly mtimeNanoseconds: number;
  /** Full names such as `user.x`, `security.capability`; only prefixes that EROFS knows (format.ts xattrIndexOf). */
  readonly xattrs: ReadonlyMap<string, Buffer>;
}

export interface DirectoryNode {
  readonly kind: 'directory';
  attributes: Attributes;
  readonly children: Map<string, FsNode>;
}

export interface FileNode {
  readonly kind: 'file';
  readonly attributes: Attributes;
  readonly size: number;
  /** First block of the data, from ErofsWriter.beginFile; 0 for an empty file. */
  readonly block: number;
}

export interface SymlinkNode {
  readonly kind: 'symlink';
  readonly attributes: Attributes;
  readonly target: string;
  /** Where a target too long to be stored in the inode lies; else 0. */
  readonly block: number;
}

export interface SpecialNode {
  readonly kind: 'char' | 'block' | 'fifo';
  readonly attributes: Attributes;
  readonly major: number;
  readonly minor: number;
}

/** One object may stand in several directories: these are hard links (never for directories). */
export type FsNode = DirectoryNode | FileNode | SymlinkNode | SpecialNode;
