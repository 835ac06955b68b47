/**
 * Host paths in a sandbox's shares, mounted in its VMM's mount namespace.
 *
 * INVARIANTS
 * - Read-only is kept by the host, whatever the guest does: by the share, or by the mount in it.
 * - The guest never sees a volume before it is as read-only as it will be.
 * - PRIVATE volumes take part in no propagation: what is mounted on the host later does not appear. HOST_TO_CONTAINER ones are
 *   slaves: it does appear, and nothing comes back.
 */
import { lstat, mkdir, open, realpath, rmdir, stat, unlink } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { BoxError, errnoOf, isBoxError } from '../../errors.ts';
import { hostCommand } from '../host/host-command.ts';
import type { Mount } from '../model.ts';
import { isGuestDevice } from '../oci-devices.ts';
import type { GuestMount } from '../oci-mounts.ts';
import type { SandboxPaths } from '../paths.ts';
import { listFolder } from '../store/folder.ts';
import type { MountSpace } from './mount-space.ts';

const DIR = 0o755;
const FILE = 0o644;
/** Slower than any disk that works, and than a network file system's first retries. */
const ANSWER_LIMIT_MS = 10_000;
const PROPAGATION = { PRIVATE: '--make-rprivate', HOST_TO_CONTAINER: '--make-rslave' } as const;

/** Makes the host paths among a container's mounts visible to the guest; on failure the caller's undo calls `removeVolumes`. */
export async function addVolumes(
  paths: SandboxPaths,
  space: MountSpace,
  containerId: string,
  mounts: readonly Mount[],
): Promise<readonly GuestMount[]> {
  const added: GuestMount[] = [];
  for (const [index, mount] of mounts.entries()) {
    if (mount.image === undefined) added.push(await addVolume(paths, space, `${containerId}-${index}`, mount));
  }
  return added;
}

/** Unmounts and forgets what `addVolumes` made for this container; repeatable. No `space`: the VMM has ended, and its mounts with it. */
export async function removeVolumes(
  paths: SandboxPaths,
  space: MountSpace | undefined,
  containerId: string,
): Promise<void> {
  const mounted = new Set(await space?.mountsBelow(paths.dir));
  for (const [behind, shown] of volumeFolders(paths)) {
    const own = (await listFolder(behind)).filter((name) => name.startsWith(`${containerId}-`));
    for (const name of own) {
      if (mounted.has(join(shown, name))) await space?.unmount(join(shown, name));
      await removeMountPoint(join(behind, name));
    }
  }
}

/** The names of all volumes, wholly made or not; each begins with its container's id. */
export async function volumeNames(paths: SandboxPaths): Promise<readonly string[]> {
  return (await Promise.all(volumeFolders(paths).map(([behind]) => listFolder(behind)))).flat();
}

/** Where mount points are made, and where they are seen. */
function volumeFolders(paths: SandboxPaths): readonly (readonly [behind: string, shown: string])[] {
  return [
    [paths.roVolumes, paths.roVolumes],
    [join(paths.rwPoints, 'vol'), paths.rwVolumes],
    [paths.stagedVolumes, paths.stagedVolumes],
  ];
}

/** Where a volume goes, and what the host's mount in it forbids. */
type Exposure = 'writable' | 'read-only' | 'top read-only';

/**
 * CRI's plain `readonly` is not recursive: what is mounted below the path stays writable. Only a path with nothing below it, now
 * or later, can therefore go to the read-only share, which is the stronger place.
 */
export function exposure(
  mount: Pick<Mount, 'readonly' | 'recursiveReadonly' | 'propagation'>,
  mountsBelow: boolean,
): Exposure {
  if (!mount.readonly) return 'writable';
  if (mount.recursiveReadonly) return 'read-only';
  return mountsBelow || mount.propagation !== 'PRIVATE' ? 'top read-only' : 'read-only';
}

async function addVolume(paths: SandboxPaths, space: MountSpace, name: string, mount: Mount): Promise<GuestMount> {
  const { containerPath, hostPath, readonly } = mount;
  if (isGuestDevice(hostPath)) return { containerPath, guestPath: hostPath, readonly };
  const source = await findSource(hostPath);
  await space.requireVisible(source.path);
  const below = readonly && (await space.mountsBelow(source.path)).some((point) => point !== source.path);
  switch (exposure(mount, below)) {
    case 'read-only': {
      const point = await makePoint(paths.roVolumes, name, source);
      await bind(space, source.path, point, mount);
      return { containerPath, guestPath: `/vol/${name}`, readonly: true };
    }
    case 'writable':
      await makePoint(join(paths.rwPoints, 'vol'), name, source);
      await bind(space, source.path, join(paths.rwVolumes, name), mount);
      return { containerPath, guestPath: `/rw/vol/${name}`, readonly: false };
    case 'top read-only':
      await makePoint(join(paths.rwPoints, 'vol'), name, source);
      await bindTopReadonly(paths, space, source, name, mount);
      // the guest's own mount must not be read-only: what is mounted below takes its flags over
      return { containerPath, guestPath: `/rw/vol/${name}`, readonly: false };
  }
}

/** A bind mount is writable until it is remounted, so it is made elsewhere; its copy in the share is read-only from the start. */
async function bindTopReadonly(
  paths: SandboxPaths,
  space: MountSpace,
  source: Source,
  name: string,
  mount: Mount,
): Promise<void> {
  await mkdir(paths.stagedVolumes, { recursive: true, mode: 0o700 });
  const staged = await makePoint(paths.stagedVolumes, name, source);
  await bind(space, source.path, staged, mount);
  await space.mount(['-o', 'remount,bind,ro', staged]);
  await bind(space, staged, join(paths.rwVolumes, name), mount);
  await space.unmount(staged);
  await removeMountPoint(staged);
}

async function bind(
  space: MountSpace,
  source: string,
  point: string,
  { propagation, containerPath }: Mount,
): Promise<void> {
  if (propagation === 'BIDIRECTIONAL') {
    throw new BoxError('NOT_SUPPORTED', `mount ${containerPath}: bidirectional propagation cannot leave a microVM`);
  }
  await space.mount(['--rbind', PROPAGATION[propagation], source, point]);
}

interface Source {
  /** Free of symbolic links. */
  readonly path: string;
  readonly folder: boolean;
}

/** A missing host path becomes a folder, as every CRI runtime does. MOUNT_SOURCE for what cannot be shown through virtiofs. */
async function findSource(hostPath: string): Promise<Source> {
  if (!isAbsolute(hostPath)) {
    throw new BoxError('MOUNT_SOURCE', `mount source ${JSON.stringify(hostPath)} must be an absolute path`);
  }
  try {
    return await existingSource(hostPath);
  } catch (cause) {
    if (cause instanceof BoxError) throw cause;
    if (errnoOf(cause) !== 'ENOENT') {
      throw new BoxError('MOUNT_SOURCE', `cannot use mount source ${hostPath}: ${errnoOf(cause) ?? 'unknown error'}`, {
        cause,
      });
    }
  }
  await mkdir(hostPath, { recursive: true, mode: DIR });
  return existingSource(hostPath);
}

async function existingSource(hostPath: string): Promise<Source> {
  await requireAnswer(hostPath);
  const path = await realpath(hostPath);
  const kind = await stat(path);
  if (!kind.isDirectory() && !kind.isFile()) {
    throw new BoxError(
      'MOUNT_SOURCE',
      `mount source ${hostPath} is neither a folder nor a file: sockets, pipes and devices of the host do not work in a microVM`,
    );
  }
  return { path, folder: kind.isDirectory() };
}

/**
 * DEADLINE if the path's file system says nothing, as NFS without its server. A process that waits for it can be killed; one of
 * Node's few file threads would be lost.
 */
async function requireAnswer(hostPath: string): Promise<void> {
  try {
    // a number that its file system must give, and not from memory
    const args = ['--dereference', '--cached=never', '--format=%s', '--', hostPath];
    await hostCommand('stat', args, { deadlineMs: ANSWER_LIMIT_MS });
  } catch (cause) {
    // that there is nothing is an answer too
    if (!isBoxError(cause, 'DEADLINE')) return;
    throw new BoxError('DEADLINE', `mount source ${hostPath}: its file system does not answer: look at its mount`, {
      cause,
    });
  }
}

async function makePoint(dir: string, name: string, source: Source): Promise<string> {
  const point = join(dir, name);
  if (source.folder) await mkdir(point, { mode: DIR });
  else await (await open(point, 'wx', FILE)).close();
  return point;
}

/** An empty folder or an empty file; anything else (a volume still mounted there) makes this fail, never a recursive delete. */
async function removeMountPoint(path: string): Promise<void> {
  if ((await lstat(path)).isDirectory()) await rmdir(path);
  else await unlink(path);
}
