/** The daemon and its peer, one after the other on the same machine, each with the test images. */
import { type Cri, connectCri } from '../e2e/harness/cri.ts';
import { startBench, stopDaemon } from './bench.ts';
import { startContainerd } from './containerd.ts';

export interface Both<T> {
  readonly own: T;
  readonly peer: T;
  /** containerd's version. */
  readonly version: string;
}

/** Measures the same on both, with the same CNI network; BUSYBOX is there. */
export async function measureBoth<T>(measure: (cri: Cri) => Promise<T>): Promise<Both<T>> {
  const bench = await startBench();
  await bench.pull();
  const cri = connectCri(bench.folders.socket);
  const own = await measure(cri);
  cri.close();
  await stopDaemon(bench.daemon);

  const containerd = await startContainerd(bench.folders);
  const peer = await measure(containerd.cri);
  await containerd.stop();
  await bench.end();
  return { own, peer, version: containerd.version };
}
