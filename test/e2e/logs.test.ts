import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import type { Pod } from './harness/crictl.ts';
import { useWorld } from './harness/suite.ts';

const CRI_LINE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (stdout|stderr) (F|P) /;

describe('container logs', () => {
  const world = useWorld();
  let pod: Pod;

  before(async () => {
    pod = await world().crictl.runPod('logs');
  });

  it('are CRI lines at log_directory/log_path, stdout and stderr apart', async () => {
    const { crictl, folders } = world();
    const status = await crictl.finish(pod, { name: 'split', command: ['sh', '-c', 'echo to-out; echo to-err >&2'] });
    assert.equal(status.logPath, join(folders.base, 'logs', 'logs', 'split-0.log'));
    const lines = (await readFile(status.logPath, 'utf8')).trimEnd().split('\n');
    for (const line of lines) assert.match(line, CRI_LINE);
    assert.deepEqual(lines.map((line) => line.split(' ').slice(1).join(' ')).toSorted(), [
      'stderr F to-err',
      'stdout F to-out',
    ]);
    const { stdout, stderr } = await crictl.try('logs', status.id);
    assert.deepEqual([stdout, stderr], ['to-out\n', 'to-err\n']);
  });

  it('bring 5 MB line by line intact', async () => {
    const { crictl } = world();
    const script =
      'i=0; while [ $i -lt 500 ]; do echo "line $i"; i=$((i+1)); done; yes 0123456789abcdefghijklmnopqrstuvwxyz | head -n 135136';
    const status = await crictl.finish(pod, { name: 'large', command: ['sh', '-c', script] });
    const expected = `${Array.from({ length: 500 }, (_, index) => `line ${index}\n`).join('')}${'0123456789abcdefghijklmnopqrstuvwxyz\n'.repeat(135_136)}`;
    assert.ok(expected.length > 5_000_000);
    // an EXITED container's log is complete, and so is what crictl makes of it
    const file = await readFile(status.logPath, 'latin1');
    assert.equal(file.replaceAll(/^\S+ stdout F /gm, '').length, expected.length, world().daemon.log());
    const { code, stdout, stderr } = await crictl.try('logs', status.id);
    assert.deepEqual([code, stdout.length], [0, expected.length], stderr);
    assert.equal(sha256(stdout), sha256(expected));
  });

  it('keep one line of 5 MB whole, in pieces that a reader joins', async () => {
    const { crictl } = world();
    const command = ['sh', '-c', 'head -c 5000000 /dev/zero | tr "\\0" x; echo'];
    const status = await crictl.finish(pod, { name: 'long', command });
    const { stdout } = await crictl.try('logs', status.id);
    assert.equal(sha256(stdout), sha256(`${'x'.repeat(5_000_000)}\n`));
  });

  it('keep output without a last newline', async () => {
    const { crictl } = world();
    const status = await crictl.finish(pod, { name: 'bare', command: ['printf', 'no newline'] });
    assert.match(await readFile(status.logPath, 'utf8'), / stdout P no newline\n$/);
  });
});

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
