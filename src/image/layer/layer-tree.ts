/**
 * Tar entries become a file tree, with overlayfs's meaning of whiteouts. The rules for odd entries (implied parents, repeats,
 * symlinked parents, hard links, `.wh.` names) are those of docs/layers.md; each has a golden test in odd-*.test.ts.
 *
 * INVARIANTS
 * - `#marks` holds only directories that are or were in the tree: whiteouts and the opaque mark are settled in finish-layer.ts.
 * - A directory in `#implied` has been named by no entry yet.
 * - `#entries` and `#metadataBytes` only grow and never pass the limits.
 */
import { BoxError } from '../../errors.ts';
import { MAX_XATTR_BYTES, MAX_XATTR_VALUE, splitXattrName, xattrBytes } from '../erofs/format.ts';
import type { Attributes, DirectoryNode, FsNode } from '../erofs/nodes.ts';
import type { TarEntry } from '../tar/entry.ts';
import { tarError } from '../tar/header.ts';
import { quoteName } from '../tar/names.ts';
import { type LayerLimits, MAX_PATH_BYTES } from './limits.ts';
import { componentsOf, locate, lookUp } from './tree-walk.ts';
import { AUFS_PREFIX, OPAQUE_NAME, WHITEOUT_PREFIX } from './whiteout-names.ts';

/** Marks of one directory that matter once the whole layer is known. */
export interface DirectoryMarks {
  readonly whiteouts: Set<string>;
  opaque: boolean;
}

export interface RawLayer {
  readonly root: DirectoryNode;
  readonly implied: ReadonlySet<DirectoryNode>;
  readonly marks: ReadonlyMap<DirectoryNode, DirectoryMarks>;
}

/** Data that an entry needs in the image, stored by the caller before the node is made. */
export interface DataPlacement {
  readonly fileBlock: () => number;
  readonly targetBlock: (target: string) => number;
}

const impliedAttributes: Attributes = {
  mode: 0o755,
  uid: 0,
  gid: 0,
  mtimeSeconds: 0,
  mtimeNanoseconds: 0,
  xattrs: new Map(),
};

export class LayerTree {
  readonly #limits: LayerLimits;
  readonly #placement: DataPlacement;
  readonly #root: DirectoryNode = { kind: 'directory', attributes: impliedAttributes, children: new Map() };
  readonly #implied = new Set<DirectoryNode>();
  readonly #marks = new Map<DirectoryNode, DirectoryMarks>();
  readonly #droppedXattrs = new Set<string>();
  #entries = 0;
  #metadataBytes = 0;

  constructor(limits: LayerLimits, placement: DataPlacement) {
    this.#limits = limits;
    this.#placement = placement;
  }

  get result(): RawLayer {
    return { root: this.#root, implied: this.#implied, marks: this.#marks };
  }

  /** Names of extended attributes that were left out: trusted.* (an image must not speak to overlayfs) and foreign ones. */
  get droppedXattrs(): readonly string[] {
    return [...this.#droppedXattrs];
  }

  /** Adds one entry. @throws BoxError LAYER_INVALID or LAYER_LIMIT. */
  add(entry: TarEntry): void {
    const where = entry.path;
    const components = componentsOf(entry.path, where);
    if (isAufsMetadata(components)) return;
    const location = locate(this.#root, entry.path, where, (parent, name) => this.#makeImplied(parent, name, where));
    if (location.name === undefined) {
      this.#setDirectoryItself(location.directory, entry);
    } else if (location.name.startsWith(WHITEOUT_PREFIX)) {
      this.#addWhiteout(location.directory, location.name, where);
    } else {
      this.#addNamed(location.directory, location.name, entry);
    }
  }

  #setDirectoryItself(directory: DirectoryNode, entry: TarEntry): void {
    if (entry.kind !== 'directory') throw tarError(entry.path, `a ${entry.kind} entry names a directory`);
    // The root's attributes are the lower layers' or the default: tools write whatever their build folder had.
    if (directory !== this.#root) this.#describeDirectory(directory, entry);
  }

  #addWhiteout(directory: DirectoryNode, name: string, where: string): void {
    if (name === OPAQUE_NAME) {
      this.#marksOf(directory).opaque = true;
      return;
    }
    const target = name.slice(WHITEOUT_PREFIX.length);
    if (target === '' || target === '.' || target === '..') throw tarError(where, 'whiteout names no file');
    this.#whiteOut(directory, target, where);
  }

  #whiteOut(directory: DirectoryNode, target: string, where: string): void {
    this.#count(target.length, where);
    this.#marksOf(directory).whiteouts.add(target);
  }

  #addNamed(directory: DirectoryNode, name: string, entry: TarEntry): void {
    if (entry.kind === 'char' && entry.deviceMajor === 0 && entry.deviceMinor === 0) {
      // To overlayfs this device is a whiteout, whoever made it.
      this.#whiteOut(directory, name, entry.path);
      return;
    }
    const existing = directory.children.get(name);
    if (entry.kind === 'directory' && existing?.kind === 'directory') {
      this.#describeDirectory(existing, entry);
      return;
    }
    this.#count(name.length, entry.path);
    directory.children.set(name, this.#nodeOf(entry));
  }

  #describeDirectory(directory: DirectoryNode, entry: TarEntry): void {
    directory.attributes = this.#attributesOf(entry);
    this.#implied.delete(directory);
  }

  #nodeOf(entry: TarEntry): FsNode {
    const { kind } = entry;
    switch (kind) {
      case 'hardlink':
        return this.#linkTarget(entry);
      case 'directory':
        return { kind, attributes: this.#attributesOf(entry), children: new Map() };
      case 'file':
        return {
          kind,
          attributes: this.#attributesOf(entry),
          size: entry.size,
          block: entry.size > 0 ? this.#placement.fileBlock() : 0,
        };
      case 'symlink':
        return {
          kind,
          attributes: this.#attributesOf(entry),
          target: this.#checkedTarget(entry),
          block: this.#placement.targetBlock(entry.linkPath),
        };
      case 'char':
      case 'block':
        return { kind, attributes: this.#attributesOf(entry), ...checkedDevice(entry) };
      case 'fifo':
        return { kind, attributes: this.#attributesOf(entry), major: 0, minor: 0 };
    }
  }

  #linkTarget(entry: TarEntry): FsNode {
    const target = lookUp(this.#root, entry.linkPath, entry.path);
    const pair = `hard link ${quoteName(entry.path)} to ${quoteName(entry.linkPath)}`;
    if (target === undefined) throw tarError(entry.path, `${pair}: the target is not in this layer before it`);
    if (target.kind === 'directory') throw tarError(entry.path, `${pair}: the target is a directory`);
    return target;
  }

  #checkedTarget(entry: TarEntry): string {
    const { linkPath, path } = entry;
    if (linkPath === '' || linkPath.length > MAX_PATH_BYTES)
      throw tarError(path, `symlink target of ${linkPath.length} bytes`);
    if (linkPath.includes('\0')) throw tarError(path, 'symlink target holds a NUL byte');
    this.#countBytes(linkPath.length, path);
    return linkPath;
  }

  #attributesOf(entry: TarEntry): Attributes {
    return {
      mode: entry.mode,
      uid: entry.uid,
      gid: entry.gid,
      mtimeSeconds: entry.mtimeSeconds,
      mtimeNanoseconds: entry.mtimeNanoseconds,
      xattrs: entry.xattrs.size === 0 ? impliedAttributes.xattrs : this.#keptXattrs(entry),
    };
  }

  #keptXattrs(entry: TarEntry): Attributes['xattrs'] {
    const kept = new Map<string, Buffer>();
    for (const [name, value] of entry.xattrs) {
      const split = splitXattrName(name);
      if (split === undefined || name.startsWith('trusted.')) {
        // Bounded: this list is only for one log line.
        if (this.#droppedXattrs.size < 16) this.#droppedXattrs.add(name.slice(0, 255));
        continue;
      }
      if (name.length > 255 || value.length > MAX_XATTR_VALUE)
        throw tarError(entry.path, `extended attribute ${quoteName(name)} is too long`);
      kept.set(name, value);
    }
    const total = xattrBytes(kept);
    if (total > MAX_XATTR_BYTES)
      throw tarError(entry.path, `extended attributes take ${total} bytes, over ${MAX_XATTR_BYTES}`);
    this.#countBytes(total, entry.path);
    return kept;
  }

  #makeImplied(parent: DirectoryNode, name: string, where: string): DirectoryNode {
    if (name.startsWith(WHITEOUT_PREFIX))
      throw tarError(where, `whiteout name ${quoteName(name)} is used as a directory`);
    this.#count(name.length, where);
    const directory: DirectoryNode = { kind: 'directory', attributes: impliedAttributes, children: new Map() };
    parent.children.set(name, directory);
    this.#implied.add(directory);
    return directory;
  }

  #marksOf(directory: DirectoryNode): DirectoryMarks {
    const marks = this.#marks.get(directory) ?? { whiteouts: new Set(), opaque: false };
    this.#marks.set(directory, marks);
    return marks;
  }

  #count(nameBytes: number, where: string): void {
    this.#entries += 1;
    if (this.#entries > this.#limits.maxEntries) {
      throw new BoxError(
        'LAYER_LIMIT',
        `layer has more than ${this.#limits.maxEntries} entries (at entry ${quoteName(where)})`,
      );
    }
    this.#countBytes(nameBytes, where);
  }

  #countBytes(bytes: number, where: string): void {
    this.#metadataBytes += bytes;
    if (this.#metadataBytes > this.#limits.maxMetadataBytes) {
      throw new BoxError(
        'LAYER_LIMIT',
        `layer has more than ${this.#limits.maxMetadataBytes} bytes of names, links and attributes (at entry ${quoteName(where)})`,
      );
    }
  }
}

/** aufs's own files (`.wh..wh.plnk`, `.wh..wh.aufs`…) mean nothing to anyone else. */
function isAufsMetadata(components: readonly string[]): boolean {
  return components.some(
    (component, index) =>
      component.startsWith(AUFS_PREFIX) && !(component === OPAQUE_NAME && index === components.length - 1),
  );
}

function checkedDevice(entry: TarEntry): { readonly major: number; readonly minor: number } {
  const { deviceMajor: major, deviceMinor: minor } = entry;
  // new_encode_dev: 12 and 20 bits.
  if (major < 0 || major > 0xfff || minor < 0 || minor > 0xfffff)
    throw tarError(entry.path, `device number ${major}:${minor} is out of range`);
  return { major, minor };
}
