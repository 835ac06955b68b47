import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);

describe('runPlugin', { timeout: 30_000 }, () => {
  it('a daemon that has no descriptor left for a plugin’s pipes lives on', async () => {
    const program = `
      import { openSync } from 'node:fs';
      import { runPlugin } from '${new URL('plugin-process.ts', import.meta.url).href}';
      const call = () => runPlugin({ program: '/bin/true', env: {}, config: {}, deadline: Date.now() + 20_000 });
      await call();
      try {
        for (;;) openSync('/dev/null', 'r');
      } catch (error) {
        if (error.code !== 'EMFILE') throw error;
      }
      process.stdout.write(await call().then(() => 'it ran', ({ message }) => message));
    `;
    const node = [process.execPath, '--input-type=module', '--eval', program];
    const { stdout } = await run('prlimit', ['--nofile=64', '--', ...node]);
    assert.match(stdout, /^cannot run \/bin\/true: .*EMFILE/);
  });
});
