/** The VMM's groups on the host, with either version of cgroups and either driver (scripts/e2e.sh runs this under all of them). */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Failpoint, FailpointAction } from '../../src/failpoints/table.ts';
import { isSystemdHost } from '../../src/runtime/host/systemd.ts';
import { exists } from '../../src/runtime/store/folder.ts';
import { Armed } from './harness/armed.ts';
import { type Cri, call, connectCri } from './harness/cri.ts';
import { type Pod, until } from './harness/crictl.ts';
import { groupsOf, hostHierarchy, hostLimits } from './harness/host-cgroup.ts';
import { leftovers, vmmOf } from './harness/leftovers.ts';
import { BUSYBOX } from './harness/settings.ts';
import { useWorld } from './harness/suite.ts';

const MIB = 1024 * 1024;
const { version } = await hostHierarchy();
const systemd = await isSystemdHost();
const driver = systemd ? 'systemd' : 'cgroupfs';
const SANDBOX = 'a3s-[0-9a-f]{6}-[0-9a-f]{12}';

describe(`a VMM’s groups on a host with version ${version} of cgroups and ${driver}`, () => {
  const world = useWorld([BUSYBOX], 'plain', true, ['default_memory = "192MiB"']);
  let cri: Cri;
  before(() => {
    cri = connectCri(world().folders.socket);
  });
  after(() => cri.close());

  const vmm = ({ id }: Pod): Promise<number> => vmmOf(world().folders, id);

  it('kubelet is told the driver that fits', async () => {
    const { linux } = await call(cri.runtime.runtimeConfig.bind(cri.runtime), {});
    assert.equal(linux?.cgroupDriver, systemd ? 'SYSTEMD' : 'CGROUPFS');
  });

  const parents = [
    ['as the cgroupfs driver names it', '/kubepods/burstable/podpath', `/kubepods/burstable/podpath/${SANDBOX}`],
    [
      'as the systemd driver names it',
      'kubepods-burstable-podslice.slice',
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podslice.slice/${SANDBOX}.scope`,
    ],
    ['that nobody names', '', systemd ? `/a3sbox.slice/${SANDBOX}.scope` : `/a3s-box/${SANDBOX}`],
  ] as const;
  for (const [how, parent, path] of parents) {
    it(`lie below a pod’s ${how}, with its limits, and go with it`, async () => {
      const { crictl } = world();
      const resources = { cpu_period: 100_000, cpu_quota: 150_000, memory_limit_in_bytes: 128 * MIB };
      const pod = await crictl.runPod('limited', { linux: { cgroup_parent: parent, resources } });
      const pid = await vmm(pod);
      const groups = await groupsOf(pid);
      for (const group of groups) assert.match(group, new RegExp(`${path}$`));
      const { memory, cpu } = await hostLimits(pid);
      assert.equal(cpu, '150000 100000');
      assert.ok(Number(memory) >= 128 * MIB && Number(memory) < 1024 * MIB, memory);

      await call(cri.runtime.updatePodSandboxResources.bind(cri.runtime), {
        podSandboxId: pod.id,
        resources: { cpuPeriod: '100000', cpuQuota: '50000' },
      });
      assert.deepEqual(await hostLimits(pid), { memory, cpu: '50000 100000' });

      await crictl.removePod(pod);
      for (const group of groups) assert.equal(await exists(group), false, group);
    });
  }

  it('go too if a pod’s start fails, or is cut short by the daemon’s end', async () => {
    const { crictl, folders, daemon } = world();
    const start = async (name: Failpoint, action: FailpointAction): Promise<void> => {
      await Armed.arm(folders, name, action);
      await assert.rejects(crictl.runPod('failing', { linux: { cgroup_parent: 'kubepods-podfailing.slice' } }));
    };
    for (const name of ['run.cgroup-made', 'run.shim-confined'] as const) {
      await start(name, 'error');
      assert.deepEqual(await leftovers(folders), [], name);
    }
    await start('run.shim-confined', 'crash');
    assert.equal(await daemon.ended(), 'SIGKILL');
    await world().restart();
    assert.deepEqual(await leftovers(folders), [], 'after a crash');
  });

  it('say that the host has killed the VMM for want of memory', async () => {
    const { crictl } = world();
    const pod = await crictl.runPod('squeezed', { linux: { cgroup_parent: 'kubepods-podsqueezed.slice' } });
    const id = await crictl.start(pod, { command: ['sleep', '1000'] });
    const [file, usage] =
      version === 2 ? ['memory.max', 'memory.current'] : ['memory.limit_in_bytes', 'memory.usage_in_bytes'];
    const groups = await groupsOf(await vmm(pod));
    const found = await Promise.all(groups.map((group) => exists(join(group, usage))));
    const group = groups[found.indexOf(true)];
    assert.ok(group !== undefined, 'no group counts memory');
    const used = Number(await readFile(join(group, usage), 'utf8'));
    await writeFile(join(group, file), String(used + 4 * MIB));
    // the guest takes what the host has not given it yet
    await crictl.try('exec', '-s', id, 'dd', 'if=/dev/zero', 'of=/dev/shm/filled', 'bs=1M', 'count=48');
    await until('its end is seen', async () => (await crictl.podState(pod.id)) === 'SANDBOX_NOTREADY' || undefined);
    assert.match(
      await crictl.ok('inspectp', '-o', 'json', pod.id),
      /the host killed the VM, whose cgroup or whose pod had reached its memory limit/,
    );
    await crictl.removePod(pod);
    assert.equal(await exists(group), false);
  });
});
