/**
 * The folders a VM sees through virtiofs; volumes.ts puts volumes into them.
 *
 * INVARIANTS
 * - The root share is read-only in the VMM; volumes mounted below it cannot be written by the guest whatever it does.
 * - The writable share is a read-only bind of `rwPoints`, so the guest can neither create names nor plant symbolic links
 *   where the daemon mounts the next volume; only the volumes mounted in it are writable.
 * - Nothing is deleted recursively while anything is still mounted below it: a volume is the user's data.
 */
import { link, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxError } from '../../errors.ts';
import { failpoint } from '../../failpoints/failpoint.ts';
import { hostCommand } from '../host/host-command.ts';
import type { SandboxPaths } from '../paths.ts';
import { readMountsBelow } from './mount-table.ts';
import { unmount } from './unmount.ts';

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

/** Unmounts everything of the sandbox and deletes its folder; repeatable. */
export async function removeShares(paths: SandboxPaths): Promise<void> {
  for (const point of (await readMountsBelow(paths.dir)).toReversed()) await unmount(point);
  const left = await readMountsBelow(paths.dir);
  if (left.length > 0) {
    throw new BoxError(
      'HOST_COMMAND',
      `${left.join(', ')} is still mounted: unmount it, then remove the sandbox again`,
    );
  }
  await failpoint('remove.unmounted');
  await rm(paths.dir, { recursive: true, force: true });
}
