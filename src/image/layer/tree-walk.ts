/**
 * Path resolution inside a layer's tree: as a process chrooted into it would resolve, never above the root, never on the host.
 */
import { BoxError } from '../../errors.ts';
import type { DirectoryNode, FsNode } from '../erofs/nodes.ts';
import { tarError } from '../tar/header.ts';
import { quoteName } from '../tar/names.ts';
import { MAX_NAME_BYTES, MAX_PATH_BYTES, MAX_SYMLINK_HOPS } from './limits.ts';

/** Where an entry goes. `name` is undefined if the path names the directory itself ("./", "a/.."). */
export interface Location {
  readonly directory: DirectoryNode;
  readonly name: string | undefined;
}

/** Makes a directory that no entry has named yet; may refuse. Undefined: a missing directory is an error. */
export type MakeDirectory = (parent: DirectoryNode, name: string) => DirectoryNode;

/** Splits a path at its slashes; empty and "." components vanish. Checks the length limits. */
export function componentsOf(path: string, where: string): string[] {
  if (path.length > MAX_PATH_BYTES) throw tarError(where, `path of ${path.length} bytes is over ${MAX_PATH_BYTES}`);
  if (path.includes('\0')) throw tarError(where, 'path holds a NUL byte');
  const components = path.split('/').filter((component) => component !== '' && component !== '.');
  const tooLong = components.find((component) => component.length > MAX_NAME_BYTES);
  if (tooLong !== undefined) throw tarError(where, `name of ${tooLong.length} bytes is over ${MAX_NAME_BYTES}`);
  return components;
}

/** Walks `components` from the root, through symlinks (the last one too), and returns the directory reached. */
export function walkDirectories(
  root: DirectoryNode,
  components: readonly string[],
  where: string,
  make: MakeDirectory | undefined,
): DirectoryNode {
  const stack: DirectoryNode[] = [root];
  const todo = components.toReversed();
  let hops = 0;
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    const directory = stack.at(-1) ?? root;
    if (name === '..') {
      if (stack.length > 1) stack.pop();
      continue;
    }
    const next = directory.children.get(name) ?? make?.(directory, name);
    if (next === undefined) throw tarError(where, `directory ${quoteName(name)} of its path is not in this layer`);
    if (next.kind === 'directory') {
      stack.push(next);
    } else if (next.kind === 'symlink') {
      hops += 1;
      if (hops > MAX_SYMLINK_HOPS) throw tarError(where, `more than ${MAX_SYMLINK_HOPS} symlinks in its path`);
      if (next.target.startsWith('/')) stack.length = 1;
      todo.push(...componentsOf(next.target, where).toReversed());
    } else {
      throw tarError(where, `${quoteName(name)} in its path is not a directory`);
    }
    if (todo.length + stack.length > MAX_PATH_BYTES) {
      throw new BoxError(
        'LAYER_LIMIT',
        `layer tar: path resolves to more than ${MAX_PATH_BYTES} components (at entry ${quoteName(where)})`,
      );
    }
  }
  return stack.at(-1) ?? root;
}

/** Resolves all but the last component; that one is never followed. */
export function locate(root: DirectoryNode, path: string, where: string, make: MakeDirectory | undefined): Location {
  const components = componentsOf(path, where);
  const last = components.at(-1);
  if (last === undefined || last === '..') {
    return { directory: walkDirectories(root, components, where, make), name: undefined };
  }
  return { directory: walkDirectories(root, components.slice(0, -1), where, make), name: last };
}

/** The node a hard link names, or undefined. */
export function lookUp(root: DirectoryNode, path: string, where: string): FsNode | undefined {
  const location = locate(root, path, where, undefined);
  return location.name === undefined ? location.directory : location.directory.children.get(location.name);
}
