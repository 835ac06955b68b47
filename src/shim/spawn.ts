/** The daemon's side of a shim: start it, send its configuration, read its status lines. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';
import { BoxError } from '../errors.ts';
import { giveWay } from '../priority.ts';
import { identify, type ShimIdentity } from './identity.ts';
import { SHIM_CONFIG_FD, SHIM_STATUS_FD, type ShimConfig, type ShimStatus } from './protocol.ts';

const statusSchema: z.ZodType<ShimStatus> = z.union([
  z.object({ phase: z.enum(['started', 'enter']), monotonicNs: z.string().regex(/^\d+$/) }),
  z.object({ phase: z.literal('failed'), call: z.string(), message: z.string() }),
]);

/**
 * The shim runs a few milliseconds of JavaScript and then none: no compiler (and so no memory that can be written and
 * executed), no helper threads, the smallest young generation.
 */
const NODE_FLAGS = ['--jitless', '--v8-pool-size=0', '--max-semi-space-size=1'];

/** unshare(1). */
const OWN_MOUNTS = ['unshare', '--mount', '--propagation', 'slave', '--'];

export interface SpawnOptions {
  readonly sandboxId: string;
  /** dist/shim/shim.cjs */
  readonly bundle: string;
  /** Folder of libkrunfw.so.5. */
  readonly kernelDir: string;
  /** The network namespace the VMM lives in: a path below /run/netns. */
  readonly netns: string;
  /** Write end of the console FIFO: the shim's stdout and stderr. */
  readonly consoleFd: number;
  readonly onStatus: (status: ShimStatus) => void;
}

/** How a shim ended. */
export interface ShimExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface SpawnedShim {
  readonly identity: ShimIdentity;
  /** Resolves when the process has been reaped. */
  readonly exited: Promise<ShimExit>;
  /** Sends the configuration: the shim runs nothing before it has all of it. */
  configure(config: ShimConfig): void;
}

/**
 * Starts a shim in its network namespace and a mount namespace of its own, where what is mounted on the host later appears (see
 * runtime/share/mount-space.ts). It is its own session leader and not in the daemon's kill set.
 * Record `identity` before calling `configure`: should the daemon die in between, the shim ends by itself.
 */
export async function spawnShim(options: SpawnOptions): Promise<SpawnedShim> {
  const child = spawn(
    'nsenter',
    [`--net=${options.netns}`, '--', ...OWN_MOUNTS, process.execPath, ...NODE_FLAGS, options.bundle, options.sandboxId],
    {
      detached: true,
      cwd: '/',
      stdio: ['ignore', options.consoleFd, options.consoleFd, 'pipe', 'pipe'],
      env: {
        LD_LIBRARY_PATH: options.kernelDir,
        HOSTNAME: options.sandboxId.slice(0, 12),
        PATH: process.env['PATH'] ?? '',
      },
    },
  );
  giveWay(child);
  const exited = watchExit(child);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => {
      reject(
        new BoxError('BOOT_FAILED', `cannot start the shim of sandbox ${options.sandboxId}: ${cause.message}`, {
          cause,
        }),
      );
    });
  });
  readStatus(child, options.onStatus);
  child.unref();
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (identity === undefined) {
    const { code, signal } = await exited;
    throw new BoxError(
      'BOOT_FAILED',
      `the shim of sandbox ${options.sandboxId} ended at once (code ${code}, signal ${signal})`,
    );
  }
  return { identity, exited, configure: (config) => sendConfig(child, config) };
}

function watchExit(child: ChildProcess): Promise<ShimExit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
}

function readStatus(child: ChildProcess, onStatus: (status: ShimStatus) => void): void {
  const lines = createInterface({ input: child.stdio[SHIM_STATUS_FD] as Readable });
  lines.on('line', (line) => {
    const parsed = parseStatus(line);
    if (parsed !== undefined) onStatus(parsed);
  });
}

function parseStatus(line: string): ShimStatus | undefined {
  try {
    return statusSchema.parse(JSON.parse(line));
  } catch (cause) {
    return { phase: 'failed', call: 'shim', message: `unreadable status line: ${String(cause)}` };
  }
}

function sendConfig(child: ChildProcess, config: ShimConfig): void {
  const pipe = child.stdio[SHIM_CONFIG_FD] as Writable;
  // a shim that died already is reported by its exit, not by a broken pipe
  pipe.on('error', () => undefined);
  pipe.end(`${JSON.stringify(config)}\n`);
}
