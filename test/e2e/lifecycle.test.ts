import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { getPriority, release } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { call, connectCri } from './harness/cri.ts';
import { shims } from './harness/leftovers.ts';
import { useWorld } from './harness/suite.ts';

const inspectpSchema = z.object({
  info: z.record(z.string(), z.unknown()),
  status: z.looseObject({ state: z.string() }),
});

describe('a pod’s life by crictl', () => {
  const world = useWorld();

  it('runs in a VM of its own: another kernel, a pause as the pod’s process 1, its hostname', async () => {
    const { crictl } = world();
    const pod = await crictl.runPod('vm', { hostname: 'in-a-vm' });
    const id = await crictl.start(pod, { command: ['sleep', '1000'] });
    const guestKernel = await crictl.exec(id, 'uname', '-r');
    assert.notEqual(guestKernel, release());
    assert.equal(await crictl.exec(id, 'cat', '/proc/1/comm'), 'pause');
    assert.equal(await crictl.exec(id, 'hostname'), 'in-a-vm');
    const status = await crictl.status(id);
    assert.equal(status.state, 'CONTAINER_RUNNING');
    assert.equal(status.imageRef, status.imageId);
    await crictl.removePod(pod);
  });

  it('shows where its boot spent its time', async () => {
    const { crictl } = world();
    const pod = await crictl.runPod('timings');
    const { info, status } = inspectpSchema.parse(JSON.parse(await crictl.ok('inspectp', '-o', 'json', pod.id)));
    assert.equal(status.state, 'SANDBOX_READY');
    const text = JSON.stringify(info);
    for (const phase of ['spawn', 'ffi', 'startEnter', 'kernel', 'init', 'ready']) {
      assert.match(text, new RegExp(`${phase}\\\\?":[0-9.]+`), `phase ${phase}`);
    }
    await crictl.removePod(pod);
  });

  it('ends with the process’s own code: 0, 3, 143 by SIGTERM, 137 by SIGKILL', async () => {
    const { crictl } = world();
    const pod = await crictl.runPod('codes');
    const zero = await crictl.finish(pod, { name: 'zero', command: ['true'] });
    assert.deepEqual([zero.exitCode, zero.reason], [0, 'Completed']);
    const three = await crictl.finish(pod, { name: 'three', command: ['sh', '-c', 'exit 3'] });
    assert.deepEqual([three.exitCode, three.reason], [3, 'Error']);
    const polite = await crictl.start(pod, { name: 'term', command: ['sleep', '1000'] });
    await crictl.ok('stop', '-t', '20', polite);
    assert.equal((await crictl.status(polite)).exitCode, 143);
    const deaf = await crictl.start(pod, {
      name: 'kill',
      command: ['sh', '-c', 'trap "" TERM; while :; do sleep 1; done'],
    });
    await crictl.ok('stop', '-t', '1', deaf);
    assert.equal((await crictl.status(deaf)).exitCode, 137);
    const gone = await crictl.start(pod, { name: 'now', command: ['sleep', '1000'] });
    await crictl.ok('stop', '-t', '0', gone);
    await crictl.ok('stop', '-t', '0', gone);
    assert.equal((await crictl.status(gone)).exitCode, 137);
    await crictl.removePod(pod);
  });

  it('tells apart what cannot be started: EXITED 128, StartError, with the program’s name', async () => {
    const { crictl } = world();
    const pod = await crictl.runPod('nofile');
    const id = await crictl.create(pod, { command: ['/no/such/program'] });
    assert.match(await crictl.fails('start', id), /\/no\/such\/program/);
    const { state, exitCode, reason } = await crictl.status(id);
    assert.deepEqual([state, exitCode, reason], ['CONTAINER_EXITED', 128, 'StartError']);
    await crictl.removePod(pod);
  });

  it('holds two containers, one of which is restarted while the other runs on', async () => {
    const { crictl } = world();
    const pod = await crictl.runPod('two');
    const steady = await crictl.start(pod, { name: 'steady', command: ['sleep', '1000'] });
    const first = await crictl.finish(pod, { name: 'again', attempt: 0, command: ['sh', '-c', 'echo one; exit 1'] });
    assert.equal(first.exitCode, 1);
    const second = await crictl.start(pod, {
      name: 'again',
      attempt: 1,
      command: ['sh', '-c', 'echo two; sleep 1000'],
    });
    assert.equal((await crictl.status(second)).state, 'CONTAINER_RUNNING');
    assert.equal((await crictl.status(steady)).state, 'CONTAINER_RUNNING');
    await crictl.ok('rm', first.id);
    assert.ok(!(await crictl.containers()).includes(first.id));
    assert.match(await crictl.fails('rm', steady), /running|RUNNING/);
    await crictl.ok('rm', '-f', steady);
    await crictl.removePod(pod);
  });

  it('stops with its containers and stays visible until it is removed; both can be repeated', async () => {
    const { crictl, folders } = world();
    const pod = await crictl.runPod('stops');
    const id = await crictl.start(pod, { command: ['sleep', '1000'] });
    await crictl.ok('stopp', pod.id);
    await crictl.ok('stopp', pod.id);
    assert.equal(await crictl.podState(pod.id), 'SANDBOX_NOTREADY');
    const { state, exitCode } = await crictl.status(id);
    assert.deepEqual([state, exitCode], ['CONTAINER_EXITED', 137]);
    await crictl.ok('rmp', pod.id);
    assert.equal(await crictl.podState(pod.id), 'absent');
    await assert.rejects(stat(join(folders.root, 'sandboxes', pod.id)), { code: 'ENOENT' });
  });

  it('two at once are two VMs, and the daemon goes before them', async () => {
    const { crictl, daemon, folders } = world();
    const pods = await Promise.all([crictl.runPod('left'), crictl.runPod('right')]);
    const ids = await Promise.all(pods.map((pod) => crictl.start(pod, { command: ['sleep', '1000'] })));
    const boots = await Promise.all(ids.map((id) => crictl.exec(id, 'cat', '/proc/sys/kernel/random/boot_id')));
    const host = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    assert.equal(new Set([...boots, host]).size, 3);
    const vmms = await shims(folders);
    assert.deepEqual(
      [daemon, ...vmms].map(({ pid }) => getPriority(pid)),
      [-10, 0, 0],
    );
    await Promise.all(pods.map((pod) => crictl.removePod(pod)));
  });

  it('belongs to one name: the same request gets the same sandbox, another is refused', async () => {
    const { crictl } = world();
    const pod = await crictl.runPod('named');
    assert.equal(await crictl.ok('runp', pod.config), pod.id);
    assert.match(await crictl.fails('runp', '--runtime', 'a3s-box', pod.config), /named/);
    await crictl.removePod(pod);
  });

  it('unknown ids: nothing to stop or remove, nothing to show', async () => {
    const { crictl } = world();
    const nobody = 'f'.repeat(64);
    const { runtime, close } = connectCri(world().folders.socket);
    await call(runtime.stopPodSandbox.bind(runtime), { podSandboxId: nobody });
    await call(runtime.removePodSandbox.bind(runtime), { podSandboxId: nobody });
    await call(runtime.stopContainer.bind(runtime), { containerId: nobody, timeout: '1' });
    await call(runtime.removeContainer.bind(runtime), { containerId: nobody });
    close();
    assert.match(await crictl.fails('inspectp', nobody), /NotFound/);
    assert.match(await crictl.fails('inspect', nobody), /NotFound/);
    assert.match(await crictl.fails('exec', '-s', nobody, 'true'), /NotFound/);
    assert.match(await crictl.fails('start', nobody), /NotFound/);
    assert.equal(await crictl.ok('pods', '-q', '--id', nobody), '');
  });

  it('refuses what a VM cannot give: hostNetwork, an unknown handler', async () => {
    const { crictl } = world();
    const hostNetwork = { linux: { security_context: { namespace_options: { network: 2 } } } };
    const refused = /code = InvalidArgument desc = hostNetwork pods cannot run in a microVM: use another runtime class/;
    await assert.rejects(crictl.runPod('host', hostNetwork), refused);
    const pod = await crictl.runPod('handler');
    assert.match(await crictl.fails('runp', '--runtime', 'runsc', pod.config), /runsc/);
    await crictl.removePod(pod);
  });
});
