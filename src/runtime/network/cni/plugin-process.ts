/**
 * Runs one CNI plugin (spec section 2): parameters in the environment, configuration on stdin, result on stdout.
 *
 * A plugin runs in a process group of its own, because plugins run plugins (IPAM): whoever is late is killed with its children.
 * It dies with the daemon, too: an ADD that went on by itself would race with the DEL of the daemon's successor.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { BoxError, errnoOf, messageOf } from '../../../errors.ts';
import { giveWay } from '../../../priority.ts';

const STDOUT_LIMIT = 1024 * 1024;
const STDERR_KEPT = 4096;

export interface PluginCall {
  /** Absolute path of the plugin. */
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  readonly config: unknown;
  readonly deadline: number;
  readonly signal?: AbortSignal;
}

export interface PluginExit {
  /** Exit code, or the signal that ended it. */
  readonly code: number | NodeJS.Signals;
  readonly stdout: string;
  /** The last words of it. */
  readonly stderr: string;
}

/** The first folder that holds an executable of this name. NETWORK_NOT_READY if none does. */
export async function findPlugin(type: string, binDirs: readonly string[]): Promise<string> {
  for (const dir of binDirs) {
    const path = join(dir, type);
    if (await isExecutable(path)) return path;
  }
  throw new BoxError(
    'NETWORK_NOT_READY',
    `CNI plugin ${type} is in none of ${binDirs.join(', ')}: install it (Debian: containernetworking-plugins) or set cni_bin_dirs`,
  );
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR' || errno === 'EACCES') return false;
    throw error;
  }
}

/** DEADLINE if it was killed for being late or too talkative, CANCELLED if the caller gave up; any other end is a result. */
export async function runPlugin(call: PluginCall): Promise<PluginExit> {
  const late = AbortSignal.timeout(Math.max(1, call.deadline - Date.now()));
  const stop = call.signal === undefined ? late : AbortSignal.any([late, call.signal]);
  const { child, ended } = await start(call);
  const stdout: Buffer[] = [];
  let size = 0;
  let stderr = Buffer.alloc(0);
  const kill = (): void => killGroup(child.pid);
  readAll(child.stdout, (chunk) => {
    size += chunk.length;
    if (size > STDOUT_LIMIT) kill();
    else stdout.push(chunk);
  });
  readAll(child.stderr, (chunk) => {
    stderr = Buffer.concat([stderr, chunk]).subarray(-STDERR_KEPT);
  });
  // a plugin that ends without reading its configuration says so by its exit
  child.stdin.on('error', () => undefined);
  child.stdin.end(JSON.stringify(call.config));
  stop.addEventListener('abort', kill, { once: true });
  try {
    if (stop.aborted) kill();
    const code = await ended;
    const words = stderr.toString('utf8').trim();
    if (call.signal?.aborted === true) throw new BoxError('CANCELLED', `the caller gave up while ${call.program} ran`);
    if (late.aborted) throw new BoxError('DEADLINE', `it did not end in time and was killed${quoted(words)}`);
    if (size > STDOUT_LIMIT)
      throw new BoxError('DEADLINE', `it printed more than ${STDOUT_LIMIT} bytes and was killed`);
    return { code, stdout: Buffer.concat(stdout).toString('utf8'), stderr: words };
  } finally {
    stop.removeEventListener('abort', kill);
  }
}

interface StartedPlugin {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** NETWORK_FAILED if there is no room for another process. Its pipes are there only once it has been spawned: EMFILE leaves none. */
async function start({ program, env }: PluginCall): Promise<StartedPlugin> {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', program], {
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  giveWay(child);
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'SIGKILL'));
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) =>
      reject(new BoxError('NETWORK_FAILED', `cannot run ${program}: ${messageOf(cause)}`, { cause })),
    );
  });
  return { child, ended };
}

function quoted(words: string): string {
  return words === '' ? '' : `; stderr: ${words.slice(-400)}`;
}

function readAll(stream: Readable, onData: (chunk: Buffer) => void): void {
  stream.on('data', onData);
  stream.on('error', () => undefined);
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // it has just ended by itself
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}
