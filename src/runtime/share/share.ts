/**
 * The folders a VM sees through virtiofs.
 *
 * INVARIANTS
 * - The root share is read-only in the VMM; volumes mounted below it cannot be written by the guest whatever it does.
 * - The writable share is a read-only bind of `rwPoints`, so the guest can neither create names nor plant symbolic links
 *   where the daemon mounts the next volume; only the volumes mounted in it are writable.
 * - Nothing is deleted recursively while anything is still mounted below it: a volume is the user's data.
 */
import { link, lstat, mkdir, open, readdir, rm, rmdir, stat, unlink } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { BoxError, errnoOf } from '../../errors.ts';
import { hostCommand } from '../host/host-command.ts';
import type { Mount } from '../model.ts';
import type { GuestMount } from '../oci-mounts.ts';
import type { SandboxPaths } from '../paths.ts';
import { readMountsBelow } from './mount-table.ts';

/** libkrunfw's default command line names this as init. */
const INIT_NAME = 'init.krun';
/** Mount points guest-init needs on its read-only root. */
const GUEST_MOUNT_POINTS = ['proc', 'sys', 'dev', 'run', 'rw', 'scratch', 'tmp'];
const PRIVATE_DIR = 0o700;
const DIR = 0o755;

/** Lays out both shares; `guestInit` must lie on the same file system (it is hard-linked). */
export async function createShares(paths: SandboxPaths, guestInit: string): Promise<void> {
  await mkdir(paths.dir, { recursive: true, mode: PRIVATE_DIR });
  await mkdir(paths.containers, { mode: PRIVATE_DIR });
  for (const dir of [paths.layers, paths.roVolumes, join(paths.rwPoints, 'vol'), paths.rwShare]) {
    await mkdir(dir, { recursive: true, mode: DIR });
  }
  for (const name of GUEST_MOUNT_POINTS) await mkdir(join(paths.rootShare, name), { mode: DIR });
  await link(guestInit, join(paths.rootShare, INIT_NAME));
  await hostCommand('mount', ['--bind', '--make-private', '-o', 'ro', paths.rwPoints, paths.rwShare]);
}

/** Makes the volumes of one container visible to the guest; on failure the caller's undo calls `removeVolumes`. */
export async function addVolumes(
  paths: SandboxPaths,
  containerId: string,
  mounts: readonly Mount[],
): Promise<readonly GuestMount[]> {
  const added: GuestMount[] = [];
  for (const [index, mount] of mounts.entries()) {
    added.push(await addVolume(paths, `${containerId}-${index}`, mount));
  }
  return added;
}

/** Unmounts and forgets what `addVolumes` made for this container; repeatable. */
export async function removeVolumes(paths: SandboxPaths, containerId: string): Promise<void> {
  const mounted = new Set(await readMountsBelow(paths.dir));
  for (const [behind, shown] of [
    [paths.roVolumes, paths.roVolumes],
    [join(paths.rwPoints, 'vol'), paths.rwVolumes],
  ] as const) {
    const own = (await readdir(behind)).filter((name) => name.startsWith(`${containerId}-`));
    for (const name of own) {
      if (mounted.has(join(shown, name))) await detach(join(shown, name));
      await removeMountPoint(join(behind, name));
    }
  }
}

/** Unmounts everything of the sandbox and deletes its folder; repeatable. */
export async function removeShares(paths: SandboxPaths): Promise<void> {
  for (const point of (await readMountsBelow(paths.dir)).toReversed()) await detach(point);
  const left = await readMountsBelow(paths.dir);
  if (left.length > 0) {
    throw new BoxError(
      'HOST_COMMAND',
      `${left.join(', ')} is still mounted: unmount it, then remove the sandbox again`,
    );
  }
  await rm(paths.dir, { recursive: true, force: true });
}

async function addVolume(paths: SandboxPaths, name: string, mount: Mount): Promise<GuestMount> {
  const isFolder = await sourceIsFolder(mount.hostPath);
  const behind = join(mount.readonly ? paths.roVolumes : join(paths.rwPoints, 'vol'), name);
  if (isFolder) await mkdir(behind, { mode: DIR });
  else await (await open(behind, 'wx', 0o644)).close();
  const point = join(mount.readonly ? paths.roVolumes : paths.rwVolumes, name);
  // slave: mounts made later on the host's side appear, nothing comes back
  await hostCommand('mount', ['--rbind', '--make-rslave', mount.hostPath, point]);
  return {
    containerPath: mount.containerPath,
    guestPath: mount.readonly ? `/vol/${name}` : `/rw/vol/${name}`,
    readonly: mount.readonly,
  };
}

/** A missing host path becomes a folder, as every CRI runtime does. */
async function sourceIsFolder(hostPath: string): Promise<boolean> {
  if (!isAbsolute(hostPath)) {
    throw new BoxError('MOUNT_SOURCE', `mount source ${JSON.stringify(hostPath)} must be an absolute path`);
  }
  try {
    return (await stat(hostPath)).isDirectory();
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') {
      throw new BoxError('MOUNT_SOURCE', `cannot use mount source ${hostPath}: ${errnoOf(cause) ?? 'unknown error'}`, {
        cause,
      });
    }
    await mkdir(hostPath, { recursive: true, mode: DIR });
    return true;
  }
}

/** An empty folder or an empty file; anything else (a volume still mounted there) makes this fail, never a recursive delete. */
async function removeMountPoint(path: string): Promise<void> {
  if ((await lstat(path)).isDirectory()) await rmdir(path);
  else await unlink(path);
}

/** Lazy: the VMM may hold an O_PATH descriptor of anything the guest has looked up (a plain umount gives EBUSY). */
async function detach(point: string): Promise<void> {
  await hostCommand('umount', ['--lazy', '--no-canonicalize', point]);
}
