/** Servers say on one of their outputs when they serve; nothing asks them again and again. */
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { EVENT_MS } from './settings.ts';

/** Resolves with the first line of `output` that contains `phrase`. Rejects with all it said if it ends, or says nothing, before. */
export function untilServing(
  name: string,
  child: ChildProcess,
  output: Readable | null,
  phrase: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    if (output === null) throw new TypeError(`${name} was started without a pipe`);
    const said: string[] = [];
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new Error(`${name} ${why}: ${said.join('\n')}`));
    };
    const timer = setTimeout(() => fail(`does not serve within ${EVENT_MS} ms`), EVENT_MS);
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code, signal) => fail(`ended with ${code ?? signal}`));
    // read to the end: a server whose pipe is full stands still
    let serves = false;
    createInterface({ input: output }).on('line', (line) => {
      if (serves) return;
      said.push(line);
      if (!line.includes(phrase)) return;
      serves = true;
      clearTimeout(timer);
      resolve(line);
    });
  });
}
