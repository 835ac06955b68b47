import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { call, connectCri } from './harness/cri.ts';
import type { Pod } from './harness/crictl.ts';
import { useWorld } from './harness/suite.ts';

const world = useWorld();

const MIB = 1024 * 1024;

describe('a container’s process', () => {
  let pod: Pod;

  before(async () => {
    pod = await world().crictl.runPod('process', { linux: { security_context: { namespace_options: { pid: 1 } } } });
  });

  /** The output of a container that ran to its end with code 0. */
  async function output(name: string, script: string, config: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const { crictl } = world();
    const status = await crictl.finish(pod, { name, command: ['sh', '-c', script], config });
    assert.equal(status.exitCode, 0, await crictl.ok('logs', status.id));
    return crictl.ok('logs', status.id);
  }

  it('has its environment and working directory', async () => {
    const config = { envs: [{ key: 'GREETING', value: 'hello world' }], working_dir: '/var/log' };
    assert.equal(await output('env', 'echo "$GREETING in $(pwd)"', config), 'hello world in /var/log');
  });

  it('runs as a user named in the image, with its groups', async () => {
    const config = {
      linux: {
        security_context: { run_as_username: 'www-data', supplemental_groups: [4242], namespace_options: { pid: 1 } },
      },
    };
    assert.equal(await output('user', 'id -u; id -g; id -G', config), '33\n33\n33 4242');
  });

  it('has only the capabilities it may have', async () => {
    const nothing = {
      linux: { security_context: { capabilities: { drop_capabilities: ['ALL'] }, namespace_options: { pid: 1 } } },
    };
    assert.match(await output('nocaps', 'grep CapEff /proc/self/status', nothing), /0000000000000000/);
    assert.match(await output('caps', 'grep CapBnd /proc/self/status'), /00000000a80425fb/);
  });

  it('is process 1 of its own namespace, and its children are reaped', async () => {
    const own = { linux: { security_context: { namespace_options: { pid: 1 } } } };
    assert.equal(await output('pid', 'echo $$', own), '1');
  });

  it('cannot write a read-only root file system, in which its working directory was made', async () => {
    const config = {
      working_dir: '/not/in/the/image',
      linux: { security_context: { readonly_rootfs: true, namespace_options: { pid: 1 } } },
    };
    const seen = await output('readonly', 'pwd; touch x 2>&1 || true', config);
    assert.match(seen, /^\/not\/in\/the\/image\n.*Read-only file system/);
  });

  it('cannot have a folder of the guest as its working directory', async () => {
    const { crictl } = world();
    const id = await crictl.create(pod, {
      name: 'escape',
      command: ['true'],
      config: { working_dir: '/proc/1/root', linux: { security_context: { namespace_options: { pid: 0 } } } },
    });
    assert.match(await crictl.fails('start', id), /cannot enter working directory \/proc\/1\/root/);
  });

  it('keeps what it writes until it is removed, and no other container sees it', async () => {
    assert.equal(await output('writes', 'echo mine > /root/file; cat /root/file'), 'mine');
    assert.equal(await output('reads', 'ls /root'), '');
  });

  it('is killed for want of memory and says so', async () => {
    const { crictl } = world();
    const status = await crictl.finish(pod, {
      name: 'oom',
      command: ['sh', '-c', 'dd if=/dev/zero of=/dev/null bs=60M count=1'],
      config: {
        linux: { resources: { memory_limit_in_bytes: 24 * MIB }, security_context: { namespace_options: { pid: 1 } } },
      },
    });
    assert.deepEqual([status.exitCode, status.reason], [137, 'OOMKilled']);
  });

  it('is limited in processes and processor by its cgroup', async () => {
    const limits = { cpu_period: 100_000, cpu_quota: 20_000, cpu_shares: 512, memory_limit_in_bytes: 64 * MIB };
    const resources = { ...limits, unified: { 'pids.max': '50' } };
    const config = { linux: { resources, security_context: { namespace_options: { pid: 1 } } } };
    const seen = await output('cgroup', 'cd /sys/fs/cgroup; cat cpu.max memory.max pids.max', config);
    assert.equal(seen, `20000 100000\n${64 * MIB}\n50`);
  });

  it('shares the pod’s IPC namespace and /dev/shm, unless it wants its own', async () => {
    const { crictl } = world();
    const writer = await crictl.start(pod, {
      name: 'shm',
      command: ['sh', '-c', 'echo shared > /dev/shm/x; sleep 1000'],
    });
    const namespace = 'readlink /proc/self/ns/ipc';
    const wanted = await crictl.exec(writer, 'sh', '-c', namespace);
    assert.match(wanted, /^ipc:\[\d+\]$/);
    const reader = `while [ ! -s /dev/shm/x ]; do sleep 1; done; cat /dev/shm/x; ${namespace}`;
    assert.equal(await output('shm-reader', reader), `shared\n${wanted}`);
    const own = { linux: { security_context: { namespace_options: { pid: 1, ipc: 1 } } } };
    const [files, made] = (
      await output('shm-own', `ls /dev/shm | wc -l; ${namespace}; echo x > /dev/shm/y`, own)
    ).split('\n');
    assert.equal(files, '0');
    assert.match(made ?? '', /^ipc:\[\d+\]$/);
    assert.notEqual(made, wanted);
    assert.equal(await crictl.exec(writer, 'ls', '/dev/shm'), 'x');
    await crictl.ok('rm', '-f', writer);
  });
});

describe('ExecSync', () => {
  let pod: Pod;
  let id = '';

  before(async () => {
    const { crictl } = world();
    pod = await crictl.runPod('exec');
    const config = {
      envs: [{ key: 'FROM', value: 'container' }],
      // a folder that the user cannot enter
      working_dir: '/root',
      linux: { security_context: { run_as_username: 'www-data', namespace_options: { pid: 1 } } },
    };
    id = await crictl.start(pod, { command: ['sleep', '1000'], config });
  });

  it('joins the container: user, environment, directory, process namespace', async () => {
    const { crictl } = world();
    const seen = await crictl.exec(id, 'sh', '-c', 'id -u; echo $FROM; pwd; stat -c %a /root; cat /proc/1/comm');
    assert.equal(seen, '33\ncontainer\n/root\n700\nsleep');
  });

  it('tells stdout from stderr and gives the exit code', async () => {
    const { runtime, close } = connectCri(world().folders.socket);
    const cmd = ['sh', '-c', 'echo out; echo err >&2; exit 3'];
    const reply = await call(runtime.execSync.bind(runtime), { containerId: id, cmd, timeout: '0' });
    close();
    assert.deepEqual([String(reply.stdout), String(reply.stderr), reply.exitCode], ['out\n', 'err\n', 3]);
  });

  it('kills what runs too long and says so', async () => {
    const { crictl } = world();
    assert.match(
      await crictl.fails('exec', '-s', '--timeout', '1', id, 'sleep', '777'),
      /DeadlineExceeded|deadline|timed out/i,
    );
    const processes = await crictl.exec(id, 'sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "');
    assert.doesNotMatch(processes, /sleep 777/);
  });

  it('does not wait for a child that keeps the pipe', async () => {
    const { crictl } = world();
    assert.equal(await crictl.exec(id, 'sh', '-c', 'sleep 600 & echo done'), 'done');
  });

  it('names a program that is not there, and a container that does not run', async () => {
    const { crictl } = world();
    assert.match(await crictl.fails('exec', '-s', id, 'no-such-program'), /no-such-program/);
    const done = await crictl.finish(pod, { name: 'done', command: ['true'] });
    assert.match(await crictl.fails('exec', '-s', done.id, 'true'), /EXITED/);
  });

  it('gives 4 MiB of output whole', async () => {
    const { crictl } = world();
    const all = await crictl.exec(id, 'sh', '-c', 'yes 0123456789abcde | head -c 4194304');
    assert.equal(all.length, 4_194_303);
    assert.ok(all.split('\n').every((line) => line === '0123456789abcde'));
  });
});
