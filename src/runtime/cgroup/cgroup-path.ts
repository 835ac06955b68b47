/** Where a sandbox's group lies, from what kubelet calls the pod's. Pure. */
import { posix } from 'node:path';
import { BoxError } from '../../errors.ts';

/** Which group: the pod's as CRI names it ('' for a pod without one), and the sandbox's name below it. */
export interface CgroupPlace {
  readonly parent: string;
  readonly name: string;
}

/** Where pods lie that have no parent: crictl's, critest's. */
const DEFAULT_PARENT = '/a3s-box';
const SLICE = '.slice';

/** A sandbox's group as a unit of systemd's. */
export interface Scope {
  readonly unit: string;
  readonly slice: string;
}

/**
 * The path below the hierarchy's root, without a slash at its beginning. kubelet names the parent in the words of its driver:
 * `/kubepods/burstable/podX` (cgroupfs), or a slice, with or without its folders (systemd). INVALID_REQUEST for anything else.
 */
export function groupPath({ parent, name }: CgroupPlace): string {
  const parts = partsOf(parent);
  const last = parts.at(-1) ?? '';
  return last.endsWith(SLICE) ? posix.join(expandSlice(last), `${name}.scope`) : posix.join(...parts, name);
}

/** Undefined if the parent is no slice. INVALID_REQUEST as `groupPath`. */
export function scopeOf(place: CgroupPlace): Scope | undefined {
  const slice = partsOf(place.parent).at(-1) ?? '';
  return slice.endsWith(SLICE) ? { unit: posix.basename(groupPath(place)), slice } : undefined;
}

function partsOf(parent: string): readonly string[] {
  const wanted = parent === '' ? DEFAULT_PARENT : parent;
  const parts = wanted.split('/').filter((part) => part !== '');
  if (parts.length === 0 || parts.some((part) => part === '.' || part === '..') || wanted.includes('\0')) {
    throw new BoxError('INVALID_REQUEST', `cgroup_parent ${JSON.stringify(parent)} is no path of a group`);
  }
  return parts;
}

/** `a-b.slice` lies in `a.slice/a-b.slice` (systemd.slice(5)); `-.slice` is the root. */
export function expandSlice(slice: string): string {
  const name = slice.slice(0, -SLICE.length);
  if (name === '-') return '';
  const words = name.split('-');
  if (words.includes('')) {
    throw new BoxError('INVALID_REQUEST', `cgroup_parent ${JSON.stringify(slice)} is no name of a systemd slice`);
  }
  return words.map((_, index) => `${words.slice(0, index + 1).join('-')}${SLICE}`).join('/');
}
