/**
 * Runs one CNI plugin (spec section 2): parameters in the environment, configuration on stdin, result on stdout.
 *
 * A plugin runs in a process group of its own, because plugins run plugins (IPAM): whoever is late is killed with its children.
 * It dies with the daemon, too: an ADD that went on by itself would race with the DEL of the daemon's successor. Neither reaches
 * all that it may have started: see cut-short-add.ts.
 *
 * Nobody waits for a plugin beyond its deadline and a few seconds: neither for what it leaves running with its pipes open, nor for
 * one that outlives its SIGKILL. How it ended is what counts: one that ended by itself is judged by its exit.
 */
import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { BoxError, errnoOf, messageOf } from '../../../errors.ts';
import { giveWay } from '../../../priority.ts';
import { findExecutable } from '../../host/executable.ts';
import { doesNotEnd } from '../../host/processes.ts';
import { settled, settlesWithin } from '../../time.ts';
import { PluginOutput, STDOUT_LIMIT } from './plugin-output.ts';

const KILL_LIMIT_MS = 5_000;

export interface PluginCall {
  /** Absolute path of the plugin. */
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  readonly config: unknown;
  readonly deadline: number;
  readonly signal?: AbortSignal;
}

/** Or the signal that ended it. */
type ExitCode = number | NodeJS.Signals;

export interface PluginExit {
  readonly code: ExitCode;
  readonly stdout: string;
  /** The last words of it. */
  readonly stderr: string;
}

/** The first folder that holds an executable of this name. NETWORK_NOT_READY if none does. */
export async function findPlugin(type: string, binDirs: readonly string[]): Promise<string> {
  const path = await findExecutable(type, binDirs);
  if (path !== undefined) return path;
  throw new BoxError(
    'NETWORK_NOT_READY',
    `CNI plugin ${type} is in none of ${binDirs.join(', ')}: install it (Debian: containernetworking-plugins) or set cni_bin_dirs`,
  );
}

/** DEADLINE if it was killed for being late or too talkative, CANCELLED if the caller gave up; any other end is a result. */
export async function runPlugin(call: PluginCall): Promise<PluginExit> {
  const late = AbortSignal.timeout(Math.max(1, call.deadline - Date.now()));
  const { child, exited } = await start(call);
  const output = new PluginOutput(child);
  const stop = AbortSignal.any([late, output.flooded, ...(call.signal === undefined ? [] : [call.signal])]);
  // a plugin that ends without reading its configuration says so by its exit
  child.stdin.on('error', () => undefined);
  child.stdin.end(JSON.stringify(call.config));
  try {
    const code = await endOf(child, exited, stop);
    const killed = stop.aborted && typeof code === 'string';
    if (!killed) await output.complete(code === 0);
    if (call.signal?.aborted === true) throw new BoxError('CANCELLED', `the caller gave up while ${call.program} ran`);
    if (output.flooded.aborted) {
      throw new BoxError('DEADLINE', `it printed more than ${STDOUT_LIMIT} bytes and was killed`);
    }
    if (killed) throw new BoxError('DEADLINE', `it did not end in time and was killed${quoted(output.stderr)}`);
    return { code, stdout: output.stdout, stderr: output.stderr };
  } finally {
    output.close();
  }
}

interface StartedPlugin {
  readonly child: ChildProcessWithoutNullStreams;
  readonly exited: Promise<ExitCode>;
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
  const exited = new Promise<ExitCode>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'SIGKILL'));
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) =>
      reject(new BoxError('NETWORK_FAILED', `cannot run ${program}: ${messageOf(cause)}`, { cause })),
    );
  });
  return { child, exited };
}

/** How it ended: by itself, or killed with its group once `stop` fires. DEADLINE if it does not end even then. */
export async function endOf(
  child: ChildProcess,
  exited: Promise<ExitCode>,
  stop: AbortSignal,
  limitMs = KILL_LIMIT_MS,
): Promise<ExitCode> {
  if (!stop.aborted) await settled(exited, stop);
  // never after its end: its pid may be another group's by then
  if (child.exitCode === null && child.signalCode === null) killGroup(child.pid);
  if (await settlesWithin(exited, limitMs)) return exited;
  child.unref();
  throw doesNotEnd('it', child.pid);
}

function quoted(words: string): string {
  return words === '' ? '' : `; stderr: ${words.slice(-400)}`;
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
