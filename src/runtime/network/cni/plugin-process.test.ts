import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { endOf, type PluginCall, runPlugin } from './plugin-process.ts';

const run = promisify(execFile);

describe('runPlugin', { timeout: 60_000 }, () => {
  let dir = '';
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'a3s-plugin-'));
  });
  afterEach(async () => {
    await rm(dir, { recursive: true });
  });

  /** A call of a plugin that is a shell script. */
  async function script(body: string, over: Partial<PluginCall> = {}): Promise<PluginCall> {
    const program = join(dir, 'plugin');
    await writeFile(program, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    return { program, env: {}, config: {}, deadline: Date.now() + 60_000, ...over };
  }

  /** Shell words that leave a process of its own session behind, which holds what is not redirected; its pid is in a file. */
  const leaveHelper = (redirected = ''): string => `setsid sleep 60 ${redirected} & echo $! >${dir}/helper`;

  async function endHelper(): Promise<void> {
    process.kill(Number(await readFile(join(dir, 'helper'), 'utf8')), 'SIGKILL');
  }

  /** What the work resolves with, and how long it took. */
  async function timed<T>(work: Promise<T>): Promise<{ readonly ended: T; readonly ms: number }> {
    const started = performance.now();
    return { ended: await work, ms: performance.now() - started };
  }

  it('a success is one although a helper keeps its stderr: nobody waits for that', async () => {
    const call = await script(`${leaveHelper('>/dev/null')}; echo '{"fine":true}'`);
    const { ended, ms } = await timed(runPlugin(call));
    assert.deepEqual(ended, { code: 0, stdout: '{"fine":true}\n', stderr: '' });
    assert.ok(ms < 2_000, `it took ${ms} ms`);
    await endHelper();
  });

  it('a success is one although a helper keeps its stdout, and a failure keeps its words', async () => {
    for (const code of [0, 3]) {
      const call = await script(`${leaveHelper()}; echo '{"fine":true}'; echo words >&2; exit ${code}`);
      const { ended, ms } = await timed(runPlugin(call));
      assert.deepEqual(ended, { code, stdout: '{"fine":true}\n', stderr: 'words' });
      assert.ok(ms < 10_000, `it took ${ms} ms`);
      await endHelper();
    }
  });

  it('what a plugin’s child prints after the plugin’s end, while nothing else holds its output, is read', async () => {
    const call = await script('(sleep 0.3; echo \'{"late":1}\') & exit 0');
    assert.equal((await runPlugin(call)).stdout, '{"late":1}\n');
  });

  it('at its deadline it is given up although a helper keeps its pipes', async () => {
    const call = await script(`${leaveHelper()}; echo words >&2; sleep 600`, { deadline: Date.now() + 1_000 });
    const { ms } = await timed(
      assert.rejects(runPlugin(call), { reason: 'DEADLINE', message: /did not end in time and was killed.*words/ }),
    );
    assert.ok(ms < 5_000, `it took ${ms} ms`);
    await endHelper();
  });

  it('a caller that gives up does not wait for a helper either', async () => {
    const call = await script(`${leaveHelper()}; sleep 600`, { signal: AbortSignal.timeout(2_000) });
    await assert.rejects(runPlugin(call), { reason: 'CANCELLED' });
    await endHelper();
  });

  it('nobody waits for ever for one that outlives its SIGKILL', async () => {
    const child = spawn('sleep', ['600'], { detached: true });
    const exited = once(child, 'exit');
    const never = new Promise<number>(() => undefined);
    await assert.rejects(endOf(child, never, AbortSignal.abort(), 50), {
      reason: 'DEADLINE',
      message: /was killed and does not end.*\/proc\/\d+\/stack/,
    });
    assert.deepEqual(await exited, [null, 'SIGKILL']);
  });

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
