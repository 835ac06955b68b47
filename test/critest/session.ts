/** critest against a daemon of its own, with the test images in a registry beside it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { Daemon, makeFolders, removeFolders } from '../e2e/harness/daemon.ts';
import { usePlainNetwork } from '../e2e/harness/plain-network.ts';
import { startRegistry } from '../e2e/harness/registry.ts';
import { CRITEST } from '../e2e/harness/settings.ts';

/**
 * Runs critest to its end and returns its exit code: 1 if a spec failed. Its output is in `folder`/critest.log, the daemon's log in
 * daemon.log. Rejects if the daemon does not start or does not end well.
 */
export async function runCritest(
  folder: string,
  flags: readonly string[],
  onLine: (line: string) => void,
): Promise<number> {
  const registry = await startRegistry();
  const folders = await makeFolders(registry.address);
  await usePlainNetwork(folders);
  const daemon = await Daemon.start(folders);
  try {
    const endpoint = `unix://${folders.socket}`;
    const all = ['-config=/nonexistent', `-runtime-endpoint=${endpoint}`, `-image-endpoint=${endpoint}`];
    return await toItsEnd([...all, '-ginkgo.no-color', ...flags], folder, onLine);
  } finally {
    const code = await daemon.stop();
    await writeFile(join(folder, 'daemon.log'), `${daemon.log()}\n`);
    await registry.stop();
    assert.equal(code, 0, `the daemon ended with ${code} (log: ${folder}/daemon.log)`);
    await removeFolders(folders);
  }
}

async function toItsEnd(flags: readonly string[], folder: string, onLine: (line: string) => void): Promise<number> {
  const log = createWriteStream(join(folder, 'critest.log'));
  const child = spawn(CRITEST, flags, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  createInterface({ input: child.stdout }).on('line', onLine);
  const [code] = await ended;
  log.end();
  await finished(log);
  assert.ok(typeof code === 'number', 'critest was killed by a signal');
  return code;
}
