import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { until } from './harness/crictl.ts';
import { shims } from './harness/leftovers.ts';
import { useWorld } from './harness/suite.ts';

describe('when things die', () => {
  const world = useWorld();

  const notReady = (id: string): Promise<true> =>
    until(
      `sandbox ${id} is NOTREADY`,
      async () => (await world().crictl.podState(id)) === 'SANDBOX_NOTREADY' || undefined,
    );

  it('a shim that is killed: the sandbox is NOTREADY, its container EXITED, and its neighbour lives on', async () => {
    const { crictl, folders } = world();
    const [victim, neighbour] = [await crictl.runPod('victim'), await crictl.runPod('neighbour')];
    const id = await crictl.start(victim, { command: ['sleep', '1000'] });
    const other = await crictl.start(neighbour, { command: ['sleep', '1000'] });
    const shim = (await shims(folders)).find(({ sandbox }) => sandbox === victim.id);
    assert.ok(shim !== undefined);
    process.kill(shim.pid, 'SIGKILL');
    await notReady(victim.id);
    assert.equal((await crictl.exited(id)).exitCode, 255);
    assert.match(await crictl.fails('create', victim.id, victim.config, victim.config), /./);
    assert.equal(await crictl.exec(other, 'echo', 'alive'), 'alive');
    await crictl.removePod(victim);
    await crictl.removePod(neighbour);
  });

  it('the daemon is killed: pods run on, and the next one takes everything up again', async () => {
    const { crictl, daemon, folders } = world();
    const pod = await crictl.runPod('survivor');
    const script = 'i=0; while [ $i -lt 8 ]; do echo "line $i"; i=$((i+1)); sleep 1; done; exit 5';
    const talker = await crictl.start(pod, { name: 'talker', command: ['sh', '-c', script] });
    const sleeper = await crictl.start(pod, { name: 'sleeper', command: ['sleep', '1000'] });
    const lost = await crictl.runPod('lost');
    const before = await shims(folders);
    await daemon.kill();
    const gone = before.find(({ sandbox }) => sandbox === lost.id);
    assert.ok(gone !== undefined);
    process.kill(gone.pid, 'SIGKILL');
    await world().restart();
    assert.deepEqual(
      (await shims(folders)).map(({ pid }) => pid),
      before.filter(({ pid }) => pid !== gone.pid).map(({ pid }) => pid),
    );
    assert.equal(await crictl.podState(pod.id), 'SANDBOX_READY');
    assert.equal(await crictl.podState(lost.id), 'SANDBOX_NOTREADY');
    assert.equal(await crictl.exec(sleeper, 'echo', 'still here'), 'still here');
    const { exitCode, logPath } = await crictl.exited(talker);
    assert.equal(exitCode, 5);
    const lines = (await readFile(logPath, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ').slice(3).join(' '));
    assert.deepEqual(
      lines,
      Array.from({ length: 8 }, (_, index) => `line ${index}`),
    );
    await crictl.removePod(pod);
    await crictl.removePod(lost);
  });

  it('SIGTERM leaves the VMs running and ends with 0', async () => {
    const { crictl, daemon, folders } = world();
    const pod = await crictl.runPod('term');
    const id = await crictl.start(pod, { command: ['sleep', '1000'] });
    assert.equal(await daemon.stop(), 0, daemon.log());
    assert.equal((await shims(folders)).length, 1);
    await world().restart();
    assert.equal(await crictl.exec(id, 'echo', 'again'), 'again');
    await crictl.removePod(pod);
  });

  it('a sandbox whose record is lost is no orphan: the next daemon ends its VM', async () => {
    const { crictl, daemon, folders } = world();
    const pod = await crictl.runPod('orphan');
    await daemon.kill();
    await rm(`${folders.root}/sandboxes/${pod.id}/sandbox.json`);
    await world().restart();
    assert.equal(await crictl.podState(pod.id), 'absent');
    assert.deepEqual(await shims(folders), []);
  });
});
