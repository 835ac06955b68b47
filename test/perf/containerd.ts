/** containerd and runc, built by scripts/build-peer.sh, in folders of their own, as the peer in the same run. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cri, call, connectCri } from '../e2e/harness/cri.ts';
import type { Folders } from '../e2e/harness/daemon.ts';
import { untilServing } from '../e2e/harness/serving.ts';
import { BUSYBOX, PEER } from '../e2e/harness/settings.ts';

export interface Containerd {
  readonly socket: string;
  readonly cri: Cri;
  readonly version: string;
  stop(): Promise<void>;
}

/** A tmpfs everywhere: overlay cannot lie on the overlay that the test node's other folders are. */
const BASE = '/run';

/** With the registry mirrors and the CNI network of the daemon whose folders these are; plugins are those of `binDir`. */
export async function startContainerd(folders: Folders, binDir = '/usr/lib/cni'): Promise<Containerd> {
  const dir = await mkdtemp(join(BASE, 'a3s-bench-'));
  const socket = join(dir, 'c.sock');
  const config = join(dir, 'config.toml');
  await writeFile(
    config,
    [
      'version = 3',
      `root = "${dir}/root"`,
      `state = "${dir}/state"`,
      `grpc = { address = "${socket}" }`,
      `ttrpc = { address = "${socket}.ttrpc" }`,
      "[plugins.'io.containerd.cri.v1.images']",
      'pinned_images = { sandbox = "registry.k8s.io/pause:3.9" }',
      `registry = { config_path = "${folders.registryConfig}" }`,
      "[plugins.'io.containerd.cri.v1.runtime']",
      'restrict_oom_score_adj = true',
      `cni = { conf_dir = "${folders.cniConfig}", bin_dirs = ["${binDir}"] }`,
      '',
    ].join('\n'),
  );
  const child = spawn(join(PEER, 'containerd'), ['--config', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // where it looks for its shim, and that for runc
    env: { PATH: `${PEER}:${process.env['PATH']}:/usr/sbin:/sbin` },
  });
  await untilServing('containerd', child, child.stderr, 'containerd successfully booted');
  const cri = connectCri(socket);
  const { runtimeVersion } = await call(cri.runtime.version.bind(cri.runtime), {});
  await call(cri.images.pullImage.bind(cri.images), { image: { image: BUSYBOX } });
  return {
    socket,
    cri,
    version: runtimeVersion,
    stop: async () => {
      cri.close();
      child.kill('SIGTERM');
      await once(child, 'exit');
      await rm(dir, { recursive: true, force: true });
    },
  };
}
