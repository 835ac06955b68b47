/**
 * `network.ts`: a pod's network beside a containerd + runc pod's, on the same CNI network, in the same run on the same node.
 *
 * netpeer is the other end everywhere, so the clocks and the system calls are the same; only the pod differs.
 */
import { appendFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Crictl } from '../e2e/harness/crictl.ts';
import { makeFolders } from '../e2e/harness/daemon.ts';
import { node, nodePeer, peerContainer } from '../e2e/harness/network.ts';
import { startRegistry } from '../e2e/harness/registry.ts';
import { BUSYBOX, NETPEER } from '../e2e/harness/settings.ts';
import { startDaemon, stopDaemon } from './bench.ts';
import { startContainerd } from './containerd.ts';
import { spread, table } from './table.ts';

const PORT = 7000;
const NODE_PORT = 7001;
const GATEWAY = '10.97.0.1';
const BYTES = 64 * 1024 * 1024;
const ROUND_TRIPS = 300;
const ROUNDS = 3;
/** Pods made and removed for the times of ADD and DEL. */
const PODS = 3;

interface Runtime {
  readonly name: string;
  readonly crictl: Crictl;
  readonly stop: () => Promise<void>;
}

const registry = await startRegistry();
const folders = await makeFolders(registry.address);
const conflist = join(folders.cniConfig, '10-bench.conflist');
await writeFile(conflist, JSON.stringify(network()));
const plugins = join(folders.base, 'plugins');
const pluginLog = join(folders.base, 'plugin-times');
await wrapPlugins();
const peer = await nodePeer(NODE_PORT);
try {
  const rows = [];
  for (const start of [startBox, startPeer]) {
    const runtime = await start();
    try {
      rows.push(await measure(runtime));
    } finally {
      await runtime.stop();
    }
  }
  const columns = ['Mbit/s to the pod', 'from the pod', 'ms node ↔ pod, p50 / p95', 'pod ↔ node', 'ms ADD', 'DEL'];
  const what = `${BYTES / 1024 / 1024} MiB, best of ${ROUNDS}; ${ROUND_TRIPS} round trips of a byte; ADD and DEL: mean of ${PODS}`;
  process.stdout.write(table(`Pod network (${what})`, ['', ...columns], rows));
} finally {
  await peer.stop();
  await registry.stop();
}
process.exit(0);

/** The same for both runtimes: a bridge, host-local addresses, masquerade, host ports. */
function network(): unknown {
  const ipam = {
    type: 'host-local',
    subnet: '10.97.0.0/16',
    routes: [{ dst: '0.0.0.0/0' }],
    dataDir: join(folders.base, 'ipam'),
  };
  return {
    cniVersion: '1.0.0',
    name: 'bench',
    plugins: [
      { type: 'bridge', bridge: 'bench0', isGateway: true, ipMasq: true, ipam },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
}

async function measure({ name, crictl }: Runtime): Promise<readonly string[]> {
  await crictl.ok('pull', BUSYBOX);
  const pod = await crictl.runPod(`bench-${name}`);
  const [ip = ''] = await crictl.podIps(pod);
  const id = await crictl.start(pod, await peerContainer('peer', PORT));
  const inPod = async (...args: readonly string[]) => crictl.exec(id, '/netpeer/netpeer', ...args);
  const onNode = async (...args: readonly string[]) => node(NETPEER, ...args);
  // the first transfer warms caches on both ends
  await onNode('put', ip, String(PORT), String(BYTES / 8));
  const toPod = await repeat(() => onNode('put', ip, String(PORT), String(BYTES)));
  const toNode = await repeat(() => inPod('put', GATEWAY, String(NODE_PORT), String(BYTES)));
  const nodePod = latency(await onNode('rr', ip, String(PORT), String(ROUND_TRIPS)));
  const podNode = latency(await inPod('rr', GATEWAY, String(NODE_PORT), String(ROUND_TRIPS)));
  await crictl.removePod(pod);
  await churn(crictl, name);
  const [addMs, delMs] = [await pluginMillis('ADD'), await pluginMillis('DEL')];
  return [name, throughput(toPod), throughput(toNode), nodePod, podNode, addMs.toFixed(0), delMs.toFixed(0)];
}

async function churn(crictl: Crictl, name: string): Promise<void> {
  await rm(pluginLog);
  for (let index = 0; index < PODS; index += 1) {
    const pod = await crictl.runPod(`churn-${name}-${index}`);
    // not stopped twice: a second DEL under the same id would be measured as part of the first
    await crictl.ok('rmp', '-f', pod.id);
  }
}

async function startBox(): Promise<Runtime> {
  const daemon = await startDaemon(folders);
  return {
    name: 'a3s-box',
    crictl: new Crictl(folders),
    stop: async () => {
      await stopDaemon(daemon);
    },
  };
}

async function startPeer(): Promise<Runtime> {
  const peer = await startContainerd(folders, plugins);
  const crictlConfig = join(folders.base, 'containerd.yaml');
  const endpoint = `unix://${peer.socket}`;
  await writeFile(crictlConfig, `runtime-endpoint: ${endpoint}\nimage-endpoint: ${endpoint}\ntimeout: 120\n`);
  return { name: 'containerd + runc', crictl: new Crictl({ ...folders, crictlConfig }), stop: () => peer.stop() };
}

/**
 * Plugins as both runtimes find them: the real ones, with the time written down before and after. So an ADD is measured in the
 * same way on both sides: from its first plugin's start to its last one's end, the runtime's own work in between included.
 */
async function wrapPlugins(): Promise<void> {
  await mkdir(plugins);
  for (const name of ['host-local', 'loopback']) await symlink(`/usr/lib/cni/${name}`, join(plugins, name));
  for (const name of ['bridge', 'portmap']) {
    const mark = `echo "$CNI_CONTAINERID $CNI_COMMAND $EPOCHREALTIME" >>${pluginLog}`;
    const script = `#!/bin/bash\n${mark}\n/usr/lib/cni/${name}\ncode=$?\n${mark}\nexit $code\n`;
    await writeFile(join(plugins, name), script, { mode: 0o755 });
  }
  await appendFile(folders.configFile, `cni_bin_dirs = ["${plugins}", "/usr/lib/cni"]\n`);
}

/** Mean milliseconds of all ADDs, or DELs, since the log was begun. */
async function pluginMillis(command: 'ADD' | 'DEL'): Promise<number> {
  const times = new Map<string, number[]>();
  for (const line of (await readFile(pluginLog, 'utf8')).trim().split('\n')) {
    const [id = '', what, seconds] = line.split(' ');
    if (what === command) times.set(id, [...(times.get(id) ?? []), Number(seconds) * 1000]);
  }
  return mean([...times.values()].map((marks) => Math.max(...marks) - Math.min(...marks)));
}

async function repeat(transfer: () => Promise<string>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) times.push(Number(await transfer()));
  return Math.min(...times);
}

/** Bits per microsecond are megabits per second. */
function throughput(us: number): string {
  return ((BYTES * 8) / us).toFixed(0);
}

function latency(lines: string): string {
  return spread(
    lines.split('\n').map((us) => Number(us) / 1000),
    2,
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
