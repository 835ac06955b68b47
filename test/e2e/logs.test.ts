import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { type Cri, call, connectCri } from './harness/cri.ts';
import { type Pod, until } from './harness/crictl.ts';
import { run } from './harness/run.ts';
import { useWorld } from './harness/suite.ts';

const CRI_LINE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (stdout|stderr) (F|P) /;

describe('container logs', () => {
  const world = useWorld();
  let pod: Pod;
  let cri: Cri;

  before(async () => {
    pod = await world().crictl.runPod('logs');
    cri = connectCri(world().folders.socket);
  });
  after(() => cri.close());

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

  it('are rotated by renaming: after the call nothing more goes to the old file, and nothing is lost', async () => {
    const { crictl } = world();
    const script =
      'i=0; while [ $i -lt 3000 ]; do echo "number $i"; i=$((i+1)); done; while [ ! -e /go ]; do sleep 1; done; echo last';
    const id = await crictl.start(pod, { name: 'rotated', command: ['sh', '-c', script] });
    const { logPath } = await crictl.status(id);
    const kept = `${logPath}.20260101-000000`;
    await until('there is a log to rotate', async () => ((await stat(logPath)).size > 10_000 ? true : undefined));
    await rename(logPath, kept);
    await call(cri.runtime.reopenContainerLog.bind(cri.runtime), { containerId: id });
    const { size } = await stat(kept);
    assert.ok((await stat(logPath)).isFile(), 'the new file is there at once');
    // a new daemon goes on in the new file, also when the old one could not say where it was
    await world().daemon.kill();
    await world().restart();
    await crictl.exec(id, 'touch', '/go');
    await crictl.exited(id);
    assert.equal((await stat(kept)).size, size);
    const text = ((await readFile(kept, 'latin1')) + (await readFile(logPath, 'latin1'))).replaceAll(
      /^\S+ stdout F /gm,
      '',
    );
    assert.equal(text, `${Array.from({ length: 3000 }, (_, number) => `number ${number}\n`).join('')}last\n`);
  });

  it('of what does not run cannot be reopened, and no file is made', async () => {
    const { crictl } = world();
    const { id, logPath } = await crictl.finish(pod, { name: 'over', command: ['true'] });
    await rename(logPath, `${logPath}.1`);
    const reopened = call(cri.runtime.reopenContainerLog.bind(cri.runtime), { containerId: id });
    await assert.rejects(reopened, { code: status.FAILED_PRECONDITION });
    await assert.rejects(stat(logPath), { code: 'ENOENT' });
    const unknown = call(cri.runtime.reopenContainerLog.bind(cri.runtime), { containerId: 'ff'.repeat(32) });
    await assert.rejects(unknown, { code: status.NOT_FOUND });
  });

  it('are followed by crictl until the container ends', async () => {
    const { crictl } = world();
    const id = await crictl.start(pod, { name: 'followed', command: ['sh', '-c', 'echo one; sleep 2; echo two'] });
    assert.equal(await crictl.ok('logs', '-f', id), 'one\ntwo');
  });

  it('of a container whose log nobody takes do not hold back its neighbour’s', async () => {
    const { crictl, folders } = world();
    const stuck = join(folders.base, 'logs', 'logs', 'stuck-0.log');
    await run('mkfifo', [stuck]);
    const noisy = await crictl.start(pod, { name: 'stuck', command: ['sh', '-c', 'yes noise | head -c 4000000'] });
    const free = await crictl.finish(pod, { name: 'free', command: ['sh', '-c', 'yes free | head -c 400000'] });
    assert.equal((await readFile(free.logPath, 'latin1')).split('\n').length - 1, 80_000);
    assert.equal((await crictl.status(noisy)).state, 'CONTAINER_RUNNING');
    // somebody takes it at last
    const reader = createReadStream(stuck).resume();
    await crictl.exited(noisy);
    reader.destroy();
  });
});

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
