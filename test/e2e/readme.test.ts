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

describe('what README says to try', () => {
  const world = useWorld([]);

  it('works as it stands there, and proves the VM', async () => {
    const block = /readme\.test\.ts runs this block -->\n```sh\n(.*?)```/s.exec(await readFile(README, 'utf8'))?.[1];
    assert.ok(block !== undefined && block.includes(ENDPOINT), 'README has its block of commands');
    const script = block.replace(ENDPOINT, `unix://${world().folders.socket}`);
    const environment = `export PATH=${dirname(CRICTL)}:$PATH CRI_CONFIG_FILE=${world().folders.crictlConfig}`;
    const command = `cd ${dirname(README)} && ${environment} && ${script}`;
    const { code, stdout, stderr } = await run('bash', ['-euc', command]);
    assert.equal(code, 0, stderr);
    const lines = stdout.split('\n');
    assert.ok(lines.includes('guest-init'), stdout);
    assert.ok(lines.includes('hello from demo'), stdout);
    assert.ok(!lines.includes(release()), 'the kernel is not the host’s');
    assert.match(stdout, /^\d+\.\d+\.\d+/m);
    assert.equal(await world().crictl.ok('pods', '-q'), '');
  });
});
