/** Runs a command to its end; what it printed and how it ended are results, not errors. */
import { execFile } from 'node:child_process';
import { COMMAND_MS } from './settings.ts';

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const OUTPUT_LIMIT = 64 * 1024 * 1024;

export function run(command: string, args: readonly string[], input = ''): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      args,
      { timeout: COMMAND_MS, killSignal: 'SIGKILL', maxBuffer: OUTPUT_LIMIT },
      (error, stdout, stderr) => {
        if (error !== null && typeof error.code !== 'number') {
          reject(new Error(`${command} ${args.join(' ')}: ${error.message}\n${stderr}`, { cause: error }));
        } else {
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
        }
      },
    );
    // a command that ends without reading says why by its exit
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}
