import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { settlesWithin } from '../runtime/time.ts';
import { SandboxRig } from '../testing/sandbox-rig.ts';

/** Less than what a start waits for a guest that stands still, more than what an end takes. */
const PROMPT_MS = 6_000;

it('SIGTERM ends a daemon that does not serve yet, and no VM', async () => {
  const rig = await SandboxRig.make(1000);
  try {
    const wedged = await rig.sandbox();
    const config = join(rig.base, 'config.toml');
    await writeFile(config, 'default_network = false\ncgroup_driver = "none"\nscratch_size = "64MiB"\n');
    const folders = ['--root', rig.tools.root, '--state', rig.tools.state, '--listen', `unix://${rig.base}/a3s.sock`];
    const daemon = spawn(process.execPath, [join(import.meta.dirname, '../main.ts'), '--config', config, ...folders], {
      stdio: 'ignore',
    });
    const ended = once(daemon, 'exit');
    const first = await Promise.race([wedged.asked.then(() => 'asked'), ended]);
    assert.equal(first, 'asked');
    daemon.kill('SIGTERM');
    const prompt = await settlesWithin(ended, PROMPT_MS);
    daemon.kill('SIGKILL');
    assert.ok(prompt, 'it went on waiting');
    assert.deepEqual(await ended, [0, null]);
    assert.equal(wedged.shim.exitCode ?? wedged.shim.signalCode, null);
  } finally {
    await rig.remove();
  }
});
