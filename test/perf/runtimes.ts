/** The daemon and its peer, one after the other on the same machine, each with the test images. */
import assert from 'node:assert/strict';
import { type Cri, connectCri } from '../e2e/harness/cri.ts';
import { Crictl } from '../e2e/harness/crictl.ts';
import { Daemon, makeFolders, removeFolders } from '../e2e/harness/daemon.ts';
import { startRegistry } from '../e2e/harness/registry.ts';
import { BUSYBOX } from '../e2e/harness/settings.ts';
import { startContainerd } from './containerd.ts';
import type { PodOptions } from './pods.ts';

export interface Both<T> {
  readonly own: T;
  readonly peer: T;
  /** containerd's version. */
  readonly version: string;
}

/** Measures the same on both; BUSYBOX is there. The peer's pods are in the host's network, for it has no CNI here. */
export async function measureBoth<T>(measure: (cri: Cri, options: PodOptions) => Promise<T>): Promise<Both<T>> {
  const registry = await startRegistry();
  const folders = await makeFolders(registry.address);
  const daemon = await Daemon.start(folders);
  await new Crictl(folders).ok('pull', BUSYBOX);
  const cri = connectCri(folders.socket);
  const own = await measure(cri, { hostNetwork: false });
  cri.close();
  assert.equal(await daemon.stop(), 0, daemon.log());

  const containerd = await startContainerd(folders.registryConfig);
  const peer = await measure(containerd.cri, { hostNetwork: true });
  await containerd.stop();
  await registry.stop();
  await removeFolders(folders);
  return { own, peer, version: containerd.version };
}
