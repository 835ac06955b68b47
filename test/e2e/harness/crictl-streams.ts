/** crictl's streaming commands: exec, attach, port-forward, also on a terminal of their own. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Folders } from './daemon.ts';
import type { Finished } from './run.ts';
import { CRICTL } from './settings.ts';
import { until } from './streams.ts';

/** A crictl command with pipes for streams. */
export function startCrictl(folders: Folders, ...args: readonly string[]): ChildProcessWithoutNullStreams {
  return spawn(CRICTL, ['--config', folders.crictlConfig, ...args]);
}

/** The same on a terminal of this size: script(1) makes one. What crictl prints and what it echoes come as one stream. */
export function startOnTerminal(
  folders: Folders,
  size: { readonly columns: number; readonly rows: number },
  ...args: readonly string[]
): ChildProcessWithoutNullStreams {
  const words = [CRICTL, '--config', folders.crictlConfig, ...args].map((word) => `'${word}'`).join(' ');
  const line = `stty cols ${size.columns} rows ${size.rows}; exec ${words}`;
  return spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm', SHELL: '/bin/sh' },
  });
}

/** Waits for its end; without `input` its stdin stays open. */
export async function finish(child: ChildProcessWithoutNullStreams, input?: string): Promise<Finished> {
  if (input !== undefined) child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: Number(code), stdout, stderr };
}

export interface PortForward {
  connect(): Socket;
  /** How it ends, when it does. */
  readonly ended: Promise<Finished>;
  /** Ends it; what it has complained about. */
  stop(): Promise<string>;
}

/** `crictl port-forward` of one port, once it listens. */
export async function startPortForward(
  folders: Folders,
  podId: string,
  port: number,
  transport: 'spdy' | 'websocket' = 'spdy',
): Promise<PortForward> {
  const child = startCrictl(folders, 'port-forward', '-r', transport, podId, `:${port}`);
  const listening = await until(child.stdout, /127\.0\.0\.1:\d+ ->/);
  const local = Number(/127\.0\.0\.1:(\d+) ->/.exec(listening)?.[1]);
  const ended = finish(child);
  return {
    connect: () => connect({ port: local, host: '127.0.0.1', allowHalfOpen: true }),
    ended,
    stop: async () => {
      child.kill('SIGINT');
      return (await ended).stderr;
    },
  };
}
