/** Runs one of the host's tools (ip, mount, mkfs…): no shell, a deadline, and its own words in the error. */
import { execFile } from 'node:child_process';
import { BoxError } from '../../errors.ts';
import { giveWay } from '../../priority.ts';

const DEADLINE_MS = 30_000;
const OUTPUT_LIMIT = 256 * 1024;
const QUOTED = 400;

export interface HostCommandOptions {
  /** What the tool reads from stdin; nothing by default. */
  readonly input?: string;
  readonly deadlineMs?: number;
}

/** Resolves with stdout; DEADLINE if it took too long, else HOST_COMMAND, with the command line and the last words of stderr. */
export function hostCommand(
  command: string,
  args: readonly string[],
  { input = '', deadlineMs = DEADLINE_MS }: HostCommandOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      args,
      {
        timeout: deadlineMs,
        killSignal: 'SIGKILL',
        maxBuffer: OUTPUT_LIMIT,
        env: { PATH: process.env['PATH'], LC_ALL: 'C' },
      },
      (cause, stdout, stderr) => {
        if (cause === null) {
          resolve(stdout);
          return;
        }
        const line = `\`${[command, ...args].join(' ')}\``;
        const words = stderr.trim().slice(-QUOTED) || cause.message;
        reject(
          cause.killed === true
            ? new BoxError('DEADLINE', `${line} took longer than ${deadlineMs / 1000} s and was killed`, { cause })
            : new BoxError('HOST_COMMAND', `${line} failed: ${words}`, { cause }),
        );
      },
    );
    giveWay(child);
    // a tool that ends before it has read all of it says why by its exit
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}
