/**
 * Pod network numbers beside those of containerd + runc on the same CNI network, in the same run on the same node.
 *
 *   test/perf/network.sh          (in the test node where this machine has no usable KVM)
 *
 * netpeer is the other end everywhere, so the clocks and the system calls are the same; only the pod differs.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Crictl, until } from '../e2e/harness/crictl.ts';
import { Daemon, type Folders, makeFolders } from '../e2e/harness/daemon.ts';
import { node, nodePeer, peerContainer } from '../e2e/harness/network.ts';
import { startRegistry } from '../e2e/harness/registry.ts';
import { BUSYBOX, NETPEER } from '../e2e/harness/settings.ts';

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
  for (const start of [startBox, startContainerd]) {
    const runtime = await start();
    try {
      rows.push(await measure(runtime));
    } finally {
      await runtime.stop();
    }
  }
  print(rows);
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

async function measure({ name, crictl }: Runtime): Promise<Readonly<Record<string, string>>> {
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
  const nodePod = micros(await onNode('rr', ip, String(PORT), String(ROUND_TRIPS)));
  const podNode = micros(await inPod('rr', GATEWAY, String(NODE_PORT), String(ROUND_TRIPS)));
  await crictl.removePod(pod);
  await churn(crictl, name);
  return {
    runtime: name,
    'node → pod': throughput(toPod),
    'pod → node': throughput(toNode),
    'node ↔ pod p50/p95': latency(nodePod),
    'pod ↔ node p50/p95': latency(podNode),
    'CNI ADD': `${(await pluginMillis('ADD')).toFixed(0)} ms`,
    'CNI DEL': `${(await pluginMillis('DEL')).toFixed(0)} ms`,
  };
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
  const daemon = await Daemon.start(folders);
  return {
    name: 'a3s-box',
    crictl: new Crictl(folders),
    stop: async () => {
      assert.equal(await daemon.stop(), 0, daemon.log());
    },
  };
}

async function startContainerd(): Promise<Runtime> {
  const base = join(folders.base, 'containerd');
  await mkdir(base);
  const socket = join(base, 'c.sock');
  const config = join(base, 'config.toml');
  await writeFile(config, containerdConfig(base, socket));
  const crictlConfig = join(base, 'crictl.yaml');
  await writeFile(crictlConfig, `runtime-endpoint: unix://${socket}\nimage-endpoint: unix://${socket}\ntimeout: 120\n`);
  const child = spawn('containerd', ['--config', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  const said: string[] = [];
  child.stderr.on('data', (chunk) => said.push(String(chunk)));
  const crictl = new Crictl({ ...folders, crictlConfig } satisfies Folders);
  await until(`containerd serves: ${said.join('')}`, async () => (await crictl.try('info')).code === 0 || undefined);
  return {
    name: 'containerd + runc',
    crictl,
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** containerd 1.6's configuration; its root is below /run, for an overlay cannot lie on another overlay's files. */
function containerdConfig(base: string, socket: string): string {
  return `version = 2
root = "/run/a3s-bench/root"
state = "/run/a3s-bench/state"
[grpc]
  address = "${socket}"
[ttrpc]
  address = "${base}/t.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "registry.k8s.io/pause:3.9"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${plugins}"
    conf_dir = "${folders.cniConfig}"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "${folders.registryConfig}"
`;
}

/**
 * Plugins as both runtimes find them: the real ones, with the time written down before and after. So an ADD is measured in the
 * same way on both sides: from its first plugin's start to its last one's end, the runtime's own work in between included.
 */
async function wrapPlugins(): Promise<void> {
  await mkdir(plugins);
  await symlink('/usr/lib/cni/host-local', join(plugins, 'host-local'));
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

function throughput(us: number): string {
  return `${((BYTES * 8) / us).toFixed(0)} Mbit/s`;
}

function micros(lines: string): readonly number[] {
  return lines
    .split('\n')
    .map(Number)
    .toSorted((a, b) => a - b);
}

function latency(sorted: readonly number[]): string {
  const at = (share: number): string => ((sorted[Math.floor(sorted.length * share)] ?? Number.NaN) / 1000).toFixed(2);
  return `${at(0.5)} / ${at(0.95)} ms`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function print(rows: readonly Readonly<Record<string, string>>[]): void {
  const [first = {}] = rows;
  console.log(
    `\n${BYTES / 1024 / 1024} MiB, best of ${ROUNDS}; ${ROUND_TRIPS} round trips of one byte; ADD and DEL: mean\n`,
  );
  console.log(`| ${['', ...rows.map((row) => row['runtime'])].join(' | ')} |`);
  console.log(`|${' --- |'.repeat(rows.length + 1)}`);
  for (const key of Object.keys(first).filter((each) => each !== 'runtime')) {
    console.log(`| ${[key, ...rows.map((row) => row[key])].join(' | ')} |`);
  }
}
