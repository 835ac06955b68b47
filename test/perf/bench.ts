/** What every measurement of the daemon begins and ends with. */
import assert from 'node:assert/strict';
import { Crictl } from '../e2e/harness/crictl.ts';
import { Daemon, type Folders, makeFolders, removeFolders } from '../e2e/harness/daemon.ts';
import { usePlainNetwork } from '../e2e/harness/plain-network.ts';
import { startRegistry } from '../e2e/harness/registry.ts';
import { BUSYBOX } from '../e2e/harness/settings.ts';

export interface Bench {
  readonly folders: Folders;
  readonly daemon: Daemon;
  /** The registry's address. */
  readonly registry: string;
  /** BUSYBOX into the daemon's store. */
  readonly pull: () => Promise<void>;
  /** Stops the registry and removes the folders; every daemon has ended by then (`stopDaemon`). */
  readonly end: () => Promise<void>;
}

/** A daemon with folders of its own, the test images' registry, and a network without iptables. `settings`: as makeFolders has them. */
export async function startBench(settings: readonly string[] = []): Promise<Bench> {
  const registry = await startRegistry();
  const folders = await makeFolders(registry.address, false, settings);
  await usePlainNetwork(folders);
  return {
    folders,
    daemon: await startDaemon(folders),
    registry: registry.address,
    pull: async () => void (await new Crictl(folders).ok('pull', BUSYBOX)),
    end: async () => {
      await registry.stop();
      await removeFolders(folders);
    },
  };
}

/** As operators run it: the tests' debug log would be measured as well. */
export function startDaemon(folders: Folders): Promise<Daemon> {
  return Daemon.start(folders, ['--log-level', 'info']);
}

/** A daemon that does not end well has measured nothing. */
export async function stopDaemon(daemon: Daemon): Promise<void> {
  assert.equal(await daemon.stop(), 0, daemon.log());
}
