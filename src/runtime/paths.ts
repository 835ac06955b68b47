/** Where everything of a sandbox lies. Pure; architecture §4 is the map. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** Where iproute2 keeps named network namespaces (ip-netns(8)). */
export const NETNS_DIR = '/run/netns';

/** Unix socket paths end at 107 bytes (unix(7), sun_path); longer ones would make libkrun panic. */
export const MAX_SOCKET_PATH = 107;
const SHORT_ID = 12;

/** What sandboxes and containers are called. Paths are made of ids, so one that comes from outside is held against this first. */
export const ID_PATTERN = /^[0-9a-f]{64}$/;

/** <state>/s/<short>: gone after a reboot. */
export interface RunPaths {
  readonly run: string;
  readonly shimRecord: string;
  readonly console: string;
  /** What was read of the console last, for the next daemon. */
  readonly consoleTail: string;
  readonly readySocket: string;
  readonly controlSocket: string;
  readonly execSocket: string;
  readonly terminalSocket: string;
}

export interface SandboxPaths extends RunPaths {
  /** sandboxes/<id>: durable. */
  readonly dir: string;
  readonly record: string;
  readonly containers: string;
  /** The guest's root share, read-only for it. */
  readonly rootShare: string;
  readonly layers: string;
  /** Where read-only volumes are mounted; the guest sees /vol. */
  readonly roVolumes: string;
  /** Mount points for writable volumes; never shared itself. */
  readonly rwPoints: string;
  /** A read-only bind of rwPoints: the guest can write inside the volumes mounted in it and nowhere else. */
  readonly rwShare: string;
  readonly rwVolumes: string;
  /** Where a volume is prepared before the guest sees it. */
  readonly stagedVolumes: string;
  readonly scratch: string;
  readonly netns: string;
  readonly netnsName: string;
  readonly cgroupName: string;
}

export function shortId(id: string): string {
  return id.slice(0, SHORT_ID);
}

export function sandboxesDir(root: string): string {
  return join(root, 'sandboxes');
}

/** Records that could not be understood, for whoever looks into it. */
export function setAsideDir(root: string): string {
  return join(root, 'set-aside');
}

export function runFolders(state: string): string {
  return join(state, 's');
}

/** What this daemon's network namespaces and cgroups are called begins with it; daemons with other folders have other marks. */
export function hostMark(root: string, state: string): string {
  return `a3s-${createHash('sha256').update(`${root}\0${state}`).digest('hex').slice(0, 6)}-`;
}

export function sandboxPaths(root: string, state: string, id: string): SandboxPaths {
  const dir = join(sandboxesDir(root), id);
  const hostName = `${hostMark(root, state)}${shortId(id)}`;
  return {
    dir,
    record: join(dir, 'sandbox.json'),
    containers: join(dir, 'containers'),
    rootShare: join(dir, 'share', 'ro'),
    layers: join(dir, 'share', 'ro', 'layers'),
    roVolumes: join(dir, 'share', 'ro', 'vol'),
    rwPoints: join(dir, 'rw-points'),
    rwShare: join(dir, 'share', 'rw'),
    rwVolumes: join(dir, 'share', 'rw', 'vol'),
    stagedVolumes: join(dir, 'staged'),
    scratch: join(dir, 'scratch.img'),
    ...runPaths(join(runFolders(state), shortId(id))),
    netns: join(NETNS_DIR, hostName),
    netnsName: hostName,
    cgroupName: hostName,
  };
}

/** What lies in one run folder. */
export function runPaths(run: string): RunPaths {
  return {
    run,
    shimRecord: join(run, 'shim.json'),
    console: join(run, 'console'),
    consoleTail: join(run, 'console-tail'),
    readySocket: join(run, 'ready.sock'),
    controlSocket: join(run, 'control.sock'),
    execSocket: join(run, 'exec.sock'),
    terminalSocket: join(run, 'tty.sock'),
  };
}

export function containerRecordPath(paths: SandboxPaths, containerId: string): string {
  return join(paths.containers, `${containerId}.json`);
}

export function containerSpecPath(paths: SandboxPaths, containerId: string): string {
  return join(paths.containers, `${containerId}.spec.json`);
}

export function logPositionPath(paths: SandboxPaths, containerId: string): string {
  return join(paths.containers, `${containerId}.log-position.json`);
}
