/**
 * Settles whiteouts and opaque marks once the whole layer is known, in overlayfs's terms: a whiteout is a char device 0:0, an
 * opaque directory has trusted.overlay.opaque=y (Linux Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories").
 */
import { BoxError } from '../../errors.ts';
import type { Attributes, DirectoryNode, SpecialNode } from '../erofs/nodes.ts';
import { utf8OfName } from '../tar/names.ts';
import type { DirectoryMarks, RawLayer } from './layer-tree.ts';

const OPAQUE_XATTR = 'trusted.overlay.opaque';
const ORIGIN_XATTR = 'trusted.overlay.origin';
/** Bytes of implied directory paths: they are kept in JSON and sent to the guest. */
const MAX_IMPLIED_BYTES = 4 << 20;

export interface LayerFacts {
  /** Paths of directories that the tar only implies, parents first: their attributes come from lower layers at mount time. */
  readonly impliedDirs: readonly string[];
  /** The layers below are hidden. overlayfs ignores an opaque mark on a layer's root, so this must be done by leaving them out. */
  readonly rootOpaque: boolean;
}

interface Step {
  readonly directory: DirectoryNode;
  readonly path: string;
  /** Nothing of the lower layers shows in here: marks mean nothing any more. */
  readonly hidden: boolean;
  /** The directory takes the place of a lower one instead of merging with it: no attributes to take over. */
  readonly fresh: boolean;
}

const whiteout: SpecialNode = {
  kind: 'char',
  major: 0,
  minor: 0,
  attributes: { mode: 0, uid: 0, gid: 0, mtimeSeconds: 0, mtimeNanoseconds: 0, xattrs: new Map() },
};

function withXattr(attributes: Attributes, name: string, value: string): Attributes {
  return { ...attributes, xattrs: new Map([...attributes.xattrs, [name, Buffer.from(value)]]) };
}

/** Puts whiteout devices into one directory; returns the children that hide their lower namesakes. */
function placeWhiteouts(directory: DirectoryNode, marks: DirectoryMarks | undefined): ReadonlySet<DirectoryNode> {
  const replaced = new Set<DirectoryNode>();
  let placed = false;
  for (const name of marks?.whiteouts ?? []) {
    const own = directory.children.get(name);
    if (own?.kind === 'directory') replaced.add(own);
    if (own !== undefined) continue;
    // One object per whiteout: a shared one would be a hard link.
    directory.children.set(name, { ...whiteout });
    placed = true;
  }
  // Without it a whiteout in a directory that merges with nothing lists as `c?????????` (seen on 6.12 and 6.18).
  if (placed) directory.attributes = withXattr(directory.attributes, ORIGIN_XATTR, '');
  return replaced;
}

/**
 * Changes the tree in place and returns what the image file itself cannot say.
 * @throws BoxError LAYER_LIMIT if the implied directories are too many to be listed.
 */
export function finishLayer(layer: RawLayer): LayerFacts {
  const impliedDirs: string[] = [];
  let impliedBytes = 0;
  const rootOpaque = layer.marks.get(layer.root)?.opaque ?? false;
  const todo: Step[] = [{ directory: layer.root, path: '', hidden: rootOpaque, fresh: true }];
  for (let step = todo.pop(); step !== undefined; step = todo.pop()) {
    const { directory, path, hidden } = step;
    if (!step.fresh && layer.implied.has(directory)) {
      const text = utf8OfName(path);
      // A name that is not UTF-8 cannot be told to the guest: such a directory keeps the default attributes.
      if (text !== undefined) impliedDirs.push(text);
      impliedBytes += path.length;
      if (impliedBytes > MAX_IMPLIED_BYTES) {
        throw new BoxError(
          'LAYER_LIMIT',
          `layer names too many files without their directories (over ${MAX_IMPLIED_BYTES} bytes of paths)`,
        );
      }
    }
    const replaced = hidden ? new Set<DirectoryNode>() : placeWhiteouts(directory, layer.marks.get(directory));
    for (const [name, child] of directory.children) {
      if (child.kind !== 'directory') continue;
      const fresh = hidden || replaced.has(child);
      const opaque = !hidden && (fresh || (layer.marks.get(child)?.opaque ?? false));
      if (opaque) child.attributes = withXattr(child.attributes, OPAQUE_XATTR, 'y');
      todo.push({ directory: child, path: path === '' ? name : `${path}/${name}`, hidden: hidden || opaque, fresh });
    }
  }
  return { impliedDirs: impliedDirs.sort(), rootOpaque };
}
