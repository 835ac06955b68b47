/** The daemon and its peer, one after the other on the same machine, each with the test images. */
import assert from 'node:assert/strict';
import { type Cri, connectCri } from '../e2e/harness/cri.ts';
import { Crictl } from '../e2e/harness/crictl.ts';
import { Daemon, makeFolders, removeFolders } from '../e2e/harness/daemon.ts';
import { usePlainNetwork } from '../e2e/harness/plain-network.ts';
import { startRegistry } from '../e2e/harness/registry.ts';
import { BUSYBOX } from '../e2e/harness/settings.ts';
import { startContainerd } from './containerd.ts';

export interface Both<T> {
  readonly own: T;
  readonly peer: T;
  /** containerd's version. */
  readonly version: string;
}

/** Measures the same on both, with the same CNI network; BUSYBOX is there. */
export async function measureBoth<T>(measure: (cri: Cri) => Promise<T>): Promise<Both<T>> {
  const registry = await startRegistry();
  const folders = await makeFolders(registry.address);
  await usePlainNetwork(folders);
  const daemon = await Daemon.start(folders);
  await new Crictl(folders).ok('pull', BUSYBOX);
  const cri = connectCri(folders.socket);
  const own = await measure(cri);
  cri.close();
  assert.equal(await daemon.stop(), 0, daemon.log());

  const containerd = await startContainerd(folders);
  const peer = await measure(containerd.cri);
  await containerd.stop();
  await registry.stop();
  await removeFolders(folders);
  return { own, peer, version: containerd.version };
}
