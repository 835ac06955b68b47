/** Under a real systemd: the daemon as its service, and VMMs as its scopes. */
import assert from 'node:assert/strict';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isSystemdHost } from '../../src/runtime/host/systemd.ts';
import { type Pod, until } from './harness/crictl.ts';
import { groupsOf, type HostLimits, hostLimits } from './harness/host-cgroup.ts';
import { vmmOf } from './harness/leftovers.ts';
import { run } from './harness/run.ts';
import { BUSYBOX, DAEMON } from './harness/settings.ts';
import { useWorld } from './harness/suite.ts';

const MIB = 1024 * 1024;
const SLICE = 'kubepods-podsystemd.slice';
const UNITS = '/run/systemd/system';
const SERVICE = 'a3s-boxd.service';
const lacking =
  process.env['TESTNODE'] === '1' && (await isSystemdHost())
    ? false
    : 'this changes units of systemd’s: scripts/e2e.sh runs it in a test node of which that is process 1';

async function systemctl(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run('systemctl', args);
  assert.equal(code, 0, `systemctl ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

describe('under systemd', { skip: lacking }, () => {
  const world = useWorld([BUSYBOX], 'plain', false, ['default_memory = "192MiB"']);
  let pod: Pod;
  let id = '';
  before(async () => {
    const { crictl } = world();
    const resources = { cpu_period: 100_000, cpu_quota: 150_000, memory_limit_in_bytes: 128 * MIB };
    pod = await crictl.runPod('systemd', { linux: { cgroup_parent: SLICE, resources } });
    id = await crictl.start(pod, { command: ['sleep', '1000'] });
  });

  const vmm = (): Promise<number> => vmmOf(world().folders, pod.id);
  const scope = async (): Promise<string> => basename((await groupsOf(await vmm()))[0] ?? '');
  const limits = async (): Promise<HostLimits> => hostLimits(await vmm());

  it('a VMM is a scope that systemd knows, in its pod’s slice', async () => {
    const shown = await systemctl(
      'show',
      await scope(),
      '--property=ActiveState,Slice,Delegate,MemoryMax,CPUQuotaPerSecUSec',
    );
    const { memory } = await limits();
    assert.deepEqual(shown.split('\n').toSorted(), [
      'ActiveState=active',
      'CPUQuotaPerSecUSec=1.500000s',
      'Delegate=yes',
      `MemoryMax=${memory}`,
      `Slice=${SLICE}`,
    ]);
  });

  it('its limits stay when systemd reads its units again, and when the slice is given other ones', async () => {
    const had = await limits();
    await systemctl('set-property', '--runtime', SLICE, 'MemoryMax=1G', 'CPUWeight=50');
    await systemctl('daemon-reload');
    await systemctl('set-property', '--runtime', SLICE, 'MemoryMax=', 'CPUWeight=');
    assert.deepEqual(await limits(), had);
  });

  it('the doctor says that systemd answers', async () => {
    const { base: _, root, state, socket, configFile } = world().folders;
    const own = ['--config', configFile, '--root', root, '--state', state, '--listen', `unix://${socket}`];
    assert.match((await run(DAEMON, ['doctor', ...own])).stdout, /^ok +systemd +answers$/m);
  });

  describe('the daemon as its service', () => {
    const main = async (): Promise<number> => Number(await systemctl('show', SERVICE, '--property=MainPID', '--value'));
    const serves = async (): Promise<void> => {
      await until('the service answers', async () => (await world().crictl.try('version')).code === 0 || undefined);
    };
    /** The same pod, in the same VM, at work. */
    const goesOn = async (pid: number): Promise<void> => {
      const { crictl } = world();
      await serves();
      assert.equal(await vmm(), pid);
      assert.equal(await crictl.podState(pod.id), 'SANDBOX_READY');
      assert.equal(await crictl.exec(id, 'echo', 'here'), 'here');
    };

    before(async () => {
      const { daemon, folders } = world();
      await daemon.stop();
      const { configFile, socket, root, state, registryConfig } = folders;
      await copyFile(fileURLToPath(new URL(`../../deploy/systemd/${SERVICE}`, import.meta.url)), join(UNITS, SERVICE));
      await mkdir(join(UNITS, `${SERVICE}.d`));
      const flags = `--config ${configFile} --listen unix://${socket} --root ${root} --state ${state}`;
      // the folders of this test, and nothing else, differ from the service as it is delivered
      await writeFile(
        join(UNITS, `${SERVICE}.d`, 'test.conf'),
        `[Service]\nExecStart=\nExecStart=${DAEMON} ${flags} --registry-config ${registryConfig}\n`,
      );
      await systemctl('daemon-reload');
    });
    after(async () => {
      await systemctl('stop', SERVICE);
      await rm(join(UNITS, `${SERVICE}.d`), { recursive: true });
      await rm(join(UNITS, SERVICE));
      await systemctl('daemon-reload');
      await world().restart();
    });

    it('takes up the pods', async () => {
      const pid = await vmm();
      await systemctl('start', SERVICE);
      await goesOn(pid);
    });

    it('is started again when it is killed, and its pods run on', async () => {
      const [pid, killed] = [await vmm(), await main()];
      await systemctl('kill', '--kill-whom=main', '--signal=KILL', SERVICE);
      const again = async (): Promise<true | undefined> => ![0, killed].includes(await main()) || undefined;
      await until('systemd starts it again', again);
      await goesOn(pid);
    });

    it('makes pods whose VMMs are not its own, and removes them', async () => {
      const { crictl } = world();
      const other = await crictl.runPod('other', { linux: { cgroup_parent: SLICE } });
      const [place = ''] = await groupsOf(await vmmOf(world().folders, other.id));
      assert.match(place, new RegExp(`/${SLICE}/a3s-[^/]*\\.scope$`));
      assert.deepEqual(await groupsOf(await main()), ['/sys/fs/cgroup/system.slice/a3s-boxd.service']);
      await crictl.removePod(other);
      const units = await systemctl('list-units', '--all', '--plain', 'a3s-*.scope');
      assert.ok(!units.includes(basename(place)), units);
    });

    it('leaves the pods alone when it is stopped', async () => {
      const pid = await vmm();
      await systemctl('stop', SERVICE);
      assert.equal(await vmm(), pid);
    });
  });
});
