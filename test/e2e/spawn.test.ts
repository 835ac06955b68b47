/** How a process comes into a container, and how it ends: what guest-init does around it. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { call, connectCri } from './harness/cri.ts';
import { type Pod, until } from './harness/crictl.ts';
import { useWorld } from './harness/suite.ts';

const OWN_PIDS = { linux: { security_context: { namespace_options: { pid: 1 } } } };

const world = useWorld();

describe('a process that comes into a container', () => {
  let pod: Pod;

  before(async () => {
    pod = await world().crictl.runPod('spawn');
  });

  it('shows nothing of the guest to the container’s root on its way', async () => {
    const { crictl } = world();
    // looking for a program in so many folders, the process stays for a while what it is right before it executes one
    const slow = { envs: [{ key: 'PATH', value: `${'/n:'.repeat(10_000)}/bin` }] };
    // says of every other process whether /proc is closed to it, and which of its descriptors lead to a folder
    const thief = `
      while :; do
        for p in /proc/[0-9]*; do
          [ $p = /proc/$$ ] && continue
          [ -e $p/exe ] || echo closed
          for f in $p/fd/*; do [ -d $f/.. ] && echo "open: $f"; done
        done
      done`;
    const id = await crictl.start(pod, { command: ['/bin/sh', '-c', thief], config: { ...OWN_PIDS, ...slow } });
    for (let times = 0; times < 3; times += 1) await crictl.exec(id, 'true');
    const seen = new Set((await crictl.ok('logs', id)).split('\n'));
    assert.deepEqual([...seen], ['closed']);
    await crictl.ok('rm', '-f', id);
  });

  it('opens its streams by their names, whoever its user is', async () => {
    const { crictl, folders } = world();
    const security = { namespace_options: { pid: 1 }, run_as_user: { value: 1000 } };
    const cmd = ['sh', '-c', 'echo out >/dev/stdout; echo err >/dev/stderr; exec sleep 1000'];
    const config = { linux: { security_context: security } };
    const id = await crictl.start(pod, { name: 'streams', command: cmd, config });
    const logs = await until('both streams are in the log', async () => {
      const { stdout, stderr } = await crictl.try('logs', id);
      return stdout === '' || stderr === '' ? undefined : { stdout, stderr };
    });
    assert.deepEqual(logs, { stdout: 'out\n', stderr: 'err\n' });
    const { runtime, close } = connectCri(folders.socket);
    const added = { containerId: id, cmd: ['sh', '-c', 'echo out >/dev/stdout; echo err >/dev/stderr'], timeout: '10' };
    const reply = await call(runtime.execSync.bind(runtime), added);
    close();
    assert.deepEqual([String(reply.stdout), String(reply.stderr), reply.exitCode], ['out\n', 'err\n', 0]);
    await crictl.ok('rm', '-f', id);
  });
});

describe('a container with cgroups of its own making', () => {
  it('is joined where its first process is, for its top group may hold none', async () => {
    const { crictl } = world();
    const pod = await crictl.runPod('nested', { linux: { security_context: { privileged: true } } });
    // what docker:dind and systemd do
    const nest = `cd /sys/fs/cgroup && mkdir init && echo 0 >init/cgroup.procs && echo +pids >cgroup.subtree_control && \
      echo nested; exec sleep 1000`;
    const security = { privileged: true, namespace_options: { pid: 1 } };
    const config = { linux: { security_context: security } };
    const id = await crictl.start(pod, { command: ['sh', '-c', nest], config });
    const logs = await until(
      'the container has made its groups',
      async () => (await crictl.ok('logs', id)) || undefined,
    );
    assert.equal(logs, 'nested');
    assert.equal(await crictl.exec(id, 'cat', '/proc/self/cgroup'), '0::/init');
    await crictl.ok('rm', '-f', id);
  });
});

describe('a process that ends', () => {
  it('is told of whatever the signal, a real-time one too', async () => {
    const { crictl, folders } = world();
    const pod = await crictl.runPod('ends');
    const id = await crictl.start(pod, { command: ['sleep', '1000'] });
    const { runtime, close } = connectCri(folders.socket);
    for (const signal of [9, 35, 64]) {
      const cmd = ['sh', '-c', `kill -${signal} $$`];
      const reply = await call(runtime.execSync.bind(runtime), { containerId: id, cmd, timeout: '10' });
      assert.equal(reply.exitCode, 128 + signal);
    }
    close();
  });
});
