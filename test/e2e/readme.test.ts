import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { dirname } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from './harness/run.ts';
import { CRICTL } from './harness/settings.ts';
import { useWorld } from './harness/suite.ts';

const README = fileURLToPath(new URL('../../README.md', import.meta.url));
const ENDPOINT = 'unix:///run/a3s-box/a3s-box.sock';

const BLOCKS = /readme\.test\.ts runs this block -->\n```sh\n(.*?)```/gs;

describe('what README says to try', () => {
  const world = useWorld([], 'default');

  it('works as it stands there, proves the VM, and reaches a pod at its address', async () => {
    const blocks = [...(await readFile(README, 'utf8')).matchAll(BLOCKS)].map(([, commands = '']) => commands);
    assert.equal(blocks.length, 2, 'README has its two blocks of commands');
    const script = blocks.join('\n');
    assert.ok(script.includes(ENDPOINT));
    const environment = `export PATH=${dirname(CRICTL)}:$PATH CRI_CONFIG_FILE=${world().folders.crictlConfig}`;
    const commands = script.replace(ENDPOINT, `unix://${world().folders.socket}`);
    const { code, stdout, stderr } = await run('bash', [
      '-euc',
      `cd ${dirname(README)} && ${environment}\n${commands}`,
    ]);
    assert.equal(code, 0, stderr);
    const lines = stdout.split('\n');
    assert.ok(lines.includes('pause'), stdout);
    assert.ok(lines.includes('hello from demo'), stdout);
    assert.ok(!lines.includes(release()), 'the kernel is not the host’s');
    assert.match(stdout, /^\d+\.\d+\.\d+/m);
    assert.match(stdout, /<html/i);
    assert.equal(await world().crictl.ok('pods', '-q'), '');
  });
});
