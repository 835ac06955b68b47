/** Running crictl and shells around it. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Waits for the command's end; without `input` its stdin stays open. */
export async function finish(child: ChildProcessWithoutNullStreams, input?: string): Promise<Finished> {
  if (input !== undefined) child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    buffer(child.stdout),
    buffer(child.stderr),
    once(child, 'close') as Promise<[number]>,
  ]);
  return { code, stdout: stdout.toString(), stderr: stderr.toString() };
}

export interface Forward {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Ends it; what it has complained about. */
  end(): Promise<string>;
}

/** Waits until a `crictl port-forward` listens. */
export async function startForward(child: ChildProcessWithoutNullStreams): Promise<Forward> {
  const ended = once(child, 'close');
  const told = buffer(child.stderr);
  const listening = Promise.withResolvers<number>();
  child.stdout.on('data', (line) => {
    const match = /127\.0\.0\.1:(\d+) ->/.exec(String(line));
    if (match !== null) listening.resolve(Number(match[1]));
  });
  ended.then(async () => listening.reject(new Error((await told).toString())), listening.reject);
  return {
    port: await listening.promise,
    end: async () => {
      child.kill('SIGINT');
      await ended;
      return (await told).toString();
    },
  };
}
