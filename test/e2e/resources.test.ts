import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { z } from 'zod';
import type { LinuxContainerResources } from '../../src/cri/generated/runtime/v1/LinuxContainerResources.ts';
import { type Cri, call, connectCri } from './harness/cri.ts';
import type { Pod } from './harness/crictl.ts';
import { groupsOf, type HostLimits, hostLimits } from './harness/host-cgroup.ts';
import { vmmOf } from './harness/leftovers.ts';
import { useWorld } from './harness/suite.ts';

const MIB = 1024 * 1024;
const CGROUP = '/sys/fs/cgroup';
const inspectpSchema = z.object({
  info: z.looseObject({ box: z.looseObject({ vcpus: z.number(), memoryMiB: z.number() }) }),
});
const world = useWorld();

describe('resources', () => {
  let cri: Cri;
  let pod: Pod;
  let id = '';

  before(async () => {
    const { crictl, folders } = world();
    cri = connectCri(folders.socket);
    const resources = { cpu_period: 100_000, cpu_quota: 100_000, memory_limit_in_bytes: 200 * MIB };
    const overhead = { memory_limit_in_bytes: 144 * MIB };
    pod = await crictl.runPod('resources', {
      linux: { cgroup_parent: '/kubepods/podres', resources, overhead, security_context: { privileged: true } },
    });
    id = await crictl.start(pod, {
      command: ['sleep', '1000'],
      config: {
        linux: {
          security_context: { namespace_options: { pid: 1 } },
          resources: {
            cpu_period: 100_000,
            cpu_quota: 50_000,
            cpu_shares: 1024,
            cpuset_cpus: '0-63',
            memory_limit_in_bytes: 64 * MIB,
            oom_score_adj: 321,
            hugepage_limits: [{ page_size: '2MB', limit: 0 }],
            unified: { 'memory.oom.group': '1', 'memory.high': String(60 * MIB) },
          },
        },
      },
    });
  });
  after(() => cri.close());

  const files = ['cpu.max', 'cpu.weight', 'cpuset.cpus', 'memory.max', 'memory.oom.group', 'memory.high'];
  /** The container's limits as its processes see them. */
  const limits = async (): Promise<readonly string[]> =>
    (await world().crictl.exec(id, 'sh', '-c', `cd ${CGROUP}; cat ${files.join(' ')}`)).split('\n');
  const update = (linux: LinuxContainerResources): Promise<unknown> =>
    call(cri.runtime.updateContainerResources.bind(cri.runtime), { containerId: id, linux });
  const shown = async (): Promise<LinuxContainerResources> => {
    const { status } = await call(cri.runtime.containerStatus.bind(cri.runtime), { containerId: id });
    const linux = status?.resources?.linux;
    assert.ok(linux, 'the status shows no resources');
    return linux;
  };

  it('make the VM: the containers’ limits, and what the overhead pays for the guest', async () => {
    const { crictl } = world();
    const { info } = inspectpSchema.parse(JSON.parse(await crictl.ok('inspectp', '-o', 'json', pod.id)));
    assert.deepEqual([info.box.vcpus, info.box.memoryMiB], [1, 328]);
    assert.equal(await crictl.exec(id, 'nproc'), '1');
    const kib = Number((await crictl.exec(id, 'sh', '-c', 'grep MemTotal /proc/meminfo')).replaceAll(/\D/g, ''));
    assert.ok(kib > 280 * 1024 && kib < 360 * 1024, `${kib} KiB`);
  });

  const vmmLimits = async (): Promise<HostLimits> => {
    const pid = await vmmOf(world().folders, pod.id);
    const group = /\/kubepods\/podres\/a3s-[0-9a-f]{6}-[0-9a-f]{12}$/;
    for (const folder of await groupsOf(pid)) assert.match(folder, group);
    return hostLimits(pid);
  };

  it('hold the VMM in a group of the host below the pod’s', async () => {
    assert.deepEqual(await vmmLimits(), { memory: String(363 * MIB), cpu: '100000 100000' });
  });

  it('limit the container in its cgroup', async () => {
    assert.deepEqual(await limits(), ['50000 100000', '39', '0', `${64 * MIB}`, '1', `${60 * MIB}`]);
    const { crictl } = world();
    assert.equal(await crictl.exec(id, 'cat', '/proc/1/oom_score_adj', '/proc/self/oom_score_adj'), '321\n321');
    const pids = Number(await crictl.exec(id, 'cat', `${CGROUP}/pids.max`));
    const threads = Number(await crictl.exec(id, 'cat', '/proc/sys/kernel/threads-max'));
    assert.ok(pids > 100 && pids < threads, `${pids} of ${threads}`);
  });

  it('are changed while it runs, the rest staying as it was', async () => {
    await update({ memoryLimitInBytes: 96 * MIB, cpuQuota: 80_000, cpuPeriod: 100_000, cpuShares: 2048 });
    assert.deepEqual(await limits(), ['80000 100000', '79', '0', `${96 * MIB}`, '1', `${60 * MIB}`]);
    await update({ cpuQuota: -1, unified: { 'memory.high': 'max' } });
    assert.deepEqual(await limits(), ['max 100000', '79', '0', `${96 * MIB}`, '1', 'max']);
    const { memoryLimitInBytes, cpuShares, unified, oomScoreAdj } = await shown();
    assert.deepEqual([memoryLimitInBytes, cpuShares, oomScoreAdj], [String(96 * MIB), '2048', '321']);
    assert.deepEqual(unified, { 'memory.oom.group': '1', 'memory.high': 'max' });
  });

  it('are changed by crictl update, as a person types it', async () => {
    const { crictl } = world();
    const flags = [
      '--memory',
      String(88 * MIB),
      '--cpu-period',
      '50000',
      '--cpu-quota',
      '30000',
      '--cpu-share',
      '1024',
    ];
    await crictl.ok('update', ...flags, id);
    assert.deepEqual(await limits(), ['30000 50000', '39', '0', `${88 * MIB}`, '1', 'max']);
    assert.match(await crictl.fails('update', '--memory', String(4096 * MIB), id), /more than the 328 MiB of its VM/);
  });

  it('are changed all or not at all', async () => {
    const [before, status] = [await limits(), await shown()];
    const half = { memoryLimitInBytes: 80 * MIB, cpuShares: 512, unified: { 'no.such': '1' } };
    await assert.rejects(update(half), /no\.such/);
    await assert.rejects(
      update({ cpuQuota: 10_000, memoryLimitInBytes: 4096 * MIB }),
      /more than the 328 MiB of its VM/,
    );
    await assert.rejects(
      update({ cpuShares: 512, memoryLimitInBytes: 1024 }),
      /below the \d+ bytes that the container holds/,
    );
    await assert.rejects(update({ cpuShares: 512, cpusetCpus: '40' }), /names no processor of the VM/);
    assert.deepEqual(await limits(), before);
    assert.deepEqual(await shown(), status);
  });

  it('of the sandbox may change within its VM', async () => {
    const resize = (resources: LinuxContainerResources): Promise<unknown> =>
      call(cri.runtime.updatePodSandboxResources.bind(cri.runtime), { podSandboxId: pod.id, resources });
    await resize({ memoryLimitInBytes: 100 * MIB, cpuQuota: 90_000, cpuPeriod: 100_000 });
    assert.deepEqual(await vmmLimits(), { memory: String(363 * MIB), cpu: '90000 100000' });
    await assert.rejects(
      resize({ memoryLimitInBytes: 400 * MIB }),
      /more than the 328 MiB of its VM, which cannot grow/,
    );
    await assert.rejects(resize({ cpuQuota: 150_000, cpuPeriod: 100_000 }), /1\.5 processors is more than the 1/);
  });

  it('outlive a restart of the daemon', async () => {
    const before = await shown();
    cri.close();
    await world().daemon.stop();
    await world().restart();
    cri = connectCri(world().folders.socket);
    assert.deepEqual(await shown(), before);
    await update({ memoryLimitInBytes: 90 * MIB });
    assert.equal((await limits())[3], `${90 * MIB}`);
  });

  it('kill the container that wants more memory, as critest asks, and with it all that is in it', async () => {
    const { crictl } = world();
    const limit = { memory_limit_in_bytes: 15 * MIB, memory_swap_limit_in_bytes: 15 * MIB };
    const command = ['sh', '-c', 'dd if=/dev/zero of=/dev/null bs=20M'];
    const alone = await crictl.finish(pod, { name: 'oom', command, config: { linux: { resources: limit } } });
    assert.deepEqual([alone.exitCode, alone.reason], [137, 'OOMKilled']);
    // without memory.oom.group the shell would live on and end well
    const group = { ...limit, unified: { 'memory.oom.group': '1' } };
    const shell = ['sh', '-c', 'dd if=/dev/zero of=/dev/null bs=20M; sleep 1000'];
    const all = await crictl.finish(pod, {
      name: 'oom-group',
      command: shell,
      config: { linux: { resources: group } },
    });
    assert.deepEqual([all.exitCode, all.reason], [137, 'OOMKilled']);
    assert.equal((await crictl.status(id)).state, 'CONTAINER_RUNNING');
  });

  it('are refused where the VM could never give them', async () => {
    const { crictl } = world();
    const before = await crictl.containers();
    const refused = async (resources: Readonly<Record<string, unknown>>, message: RegExp): Promise<void> =>
      assert.rejects(
        crictl.create(pod, { name: 'refused', command: ['true'], config: { linux: { resources } } }),
        message,
      );
    await refused({ memory_limit_in_bytes: 329 * MIB }, /329 MiB is more than the 328 MiB of its VM/);
    await refused({ hugepage_limits: [{ page_size: '2MB', limit: 4 * MIB }] }, /no huge pages/);
    await refused({ unified: { 'cgroup.procs': '1' } }, /cgroup\.procs.* is no limit/);
    assert.deepEqual(await crictl.containers(), before);
  });

  it('are given back: a removed container’s processes are gone and its cgroup with them', async () => {
    const { crictl } = world();
    const command = ['sh', '-c', 'for i in 1 2 3 4 5 6 7 8; do sleep 1000 & done; wait'];
    const many = await crictl.start(pod, { name: 'many', command });
    const privileged = { linux: { security_context: { privileged: true, namespace_options: { pid: 2 } } } };
    const guest = await crictl.start(pod, { name: 'guest', command: ['sleep', '1000'], config: privileged });
    // a container in the VM's process namespace has guest-init for process 1
    const groups = (): Promise<string> => crictl.exec(guest, 'ls', `/proc/1/root${CGROUP}`);
    assert.ok((await groups()).includes(many));
    await crictl.ok('rm', '-f', many);
    assert.ok(!(await groups()).includes(many));
  });
});
