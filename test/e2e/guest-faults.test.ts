import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Cri, connectCri } from './harness/cri.ts';
import { type Pod, until } from './harness/crictl.ts';
import { Heard } from './harness/events.ts';
import { groupsOf } from './harness/host-cgroup.ts';
import { shims, vmmOf } from './harness/leftovers.ts';
import { BUSYBOX } from './harness/settings.ts';
import { useWorld } from './harness/suite.ts';

const MIB = 1024 * 1024;
const PRIVILEGED = { linux: { security_context: { privileged: true } } };
/** A beat every 3 s: an emulated guest is slow, and what it is doing here is hard work. */
const SILENCE_MS = 18_000;

describe('guest faults', () => {
  const world = useWorld([BUSYBOX], 'plain', false, [
    `heartbeat_timeout = "${SILENCE_MS}ms"`,
    'parallel_boots = 1',
    'default_memory = "192MiB"',
    'scratch_size = "64MiB"',
  ]);
  let cri: Cri;
  let heard: Heard;
  before(async () => {
    cri = connectCri(world().folders.socket);
    heard = await Heard.on(cri.runtime.getContainerEvents({}));
  });
  after(() => {
    heard.stream.cancel();
    cri.close();
  });

  /** A privileged pod with a container that has left its name on the console. */
  const start = async (name: string, resources = {}): Promise<{ readonly pod: Pod; readonly id: string }> => {
    const { crictl } = world();
    const pod = await crictl.runPod(name, PRIVILEGED);
    const config = { linux: { ...PRIVILEGED.linux, resources } };
    const id = await crictl.start(pod, { command: ['sleep', '1000'], config });
    await crictl.printOnConsole(id, `${name} was here`);
    return { pod, id };
  };

  /** A sandbox whose guest has died must say so everywhere, quote its console, and go without a trace. */
  const assertLost = async ({ pod, id }: { readonly pod: Pod; readonly id: string }, why: RegExp): Promise<void> => {
    const { crictl } = world();
    const lost = `STOPPED ${pod.id}`;
    await until(`${lost} is told`, async () => heard.names().includes(lost) || undefined);
    assert.ok(heard.names().includes(`STOPPED ${id}`), 'the end of its container was not told before its own');
    assert.equal(heard.events[heard.names().indexOf(lost)]?.podSandboxStatus?.state, 'SANDBOX_NOTREADY');
    assert.equal(await crictl.podState(pod.id), 'SANDBOX_NOTREADY');
    const { state, exitCode, reason, message } = await crictl.status(id);
    assert.deepEqual([state, exitCode, reason], ['CONTAINER_EXITED', 255, 'Unknown']);
    for (const words of [message, await crictl.podReason(pod.id)]) {
      assert.match(words, why);
      assert.match(words, /console: .*was here/);
    }
    assert.match(await crictl.fails('exec', '-s', id, 'true'), /EXITED/);
    await crictl.removePod(pod);
    assert.equal(await crictl.podState(pod.id), 'absent');
    assert.ok((await shims(world().folders)).every(({ sandbox }) => sandbox !== pod.id));
  };

  it('a kernel that panics', async () => {
    const lost = await start('panic', { memory_limit_in_bytes: 24 * MIB });
    // out of memory in a cgroup, where that is told to be fatal
    const script = 'echo 2 > /proc/sys/vm/panic_on_oom && dd if=/dev/zero of=/dev/null bs=60M count=1';
    await world().crictl.try('exec', '-s', '--timeout', '20', lost.id, 'sh', '-c', script);
    await assertLost(lost, /the VM ended unexpectedly/);
  });

  it('a VMM that is killed', async () => {
    const lost = await start('killed');
    process.kill(await vmmOf(world().folders, lost.pod.id), 'SIGKILL');
    await assertLost(lost, /the VM ended unexpectedly/);
  });

  it('a VM that stands still, and a guest-init that waits for ever', async () => {
    const { crictl, folders } = world();
    const [stopped, stuck] = [await start('stopped'), await start('stuck')];
    const pid = await vmmOf(folders, stopped.pod.id);
    process.kill(pid, 'SIGSTOP');
    // a frozen scratch disk: guest-init, which is to make a container on it, sleeps where nothing can wake it
    const freeze =
      'mknod /vda b $(tr : " " < /sys/block/vda/dev); mkdir /disk; mount -t ext4 /vda /disk; fsfreeze --freeze /disk';
    await crictl.exec(stuck.id, 'sh', '-c', freeze);
    const refused = crictl.create(stuck.pod, { name: 'second', command: ['true'] }).then(
      () => 'made',
      (error: unknown) => String(error),
    );
    await assertLost(stuck, /guest-init gave no sign of life for 18 s, so its VM was ended/);
    assert.match(await refused, /VM is gone|UNAVAILABLE|Unavailable/);
    await assertLost(stopped, /guest-init gave no sign of life for 18 s, so its VM was ended/);
  });

  it('a VM that stands still while it boots keeps no other from booting', async () => {
    const { crictl, folders } = world();
    const there = new Set((await shims(folders)).map(({ pid }) => pid));
    let over = false;
    const refused = assert.rejects(
      crictl.runPod('still').finally(() => (over = true)),
      /did not boot .*the shim ended/,
    );
    const { pid } = await until('its VMM runs', async () =>
      (await shims(folders)).find((shim) => !there.has(shim.pid)),
    );
    process.kill(pid, 'SIGSTOP');
    await crictl.removePod(await crictl.runPod('beside'));
    assert.equal(over, false);
    process.kill(pid, 'SIGKILL');
    await refused;
  });

  it('a VMM whose memory the host takes away', async () => {
    const lost = await start('squeezed');
    const [group] = await groupsOf(await vmmOf(world().folders, lost.pod.id));
    await writeFile(join(String(group), 'memory.max'), String(8 * MIB));
    await assertLost(lost, /the host killed the VM, whose cgroup or whose pod had reached its memory limit/);
  });

  it('a host without room for the pod refuses it and says what is short', async () => {
    const linux = { resources: { memory_limit_in_bytes: 1024 * 1024 * MIB } };
    await assert.rejects(
      world().crictl.runPod('huge', { linux }),
      /ResourceExhausted.*no room for another VM: memory is short by \d+ MiB/,
    );
  });

  it('too little memory, a full disk and a volume that is gone end no sandbox', async () => {
    const { crictl, folders } = world();
    const volume = join(folders.base, 'volume');
    await mkdir(volume);
    await writeFile(join(volume, 'file'), 'content');
    const pod = await crictl.runPod('survives');
    const mounts = [{ host_path: volume, container_path: '/volume' }];
    // in the VM's pid namespace
    const linux = { security_context: { namespace_options: { pid: 2 } } };
    const id = await crictl.start(pod, { command: ['sleep', '1000'], config: { mounts, linux } });
    const sh = (script: string): Promise<string> => crictl.exec(id, 'sh', '-c', script);

    // no limit but the VM's memory; the kernel kills the group of its victim
    const hungry = ['sh', '-c', 'for i in 1 2 3 4; do dd if=/dev/zero of=/dev/null bs=60M & done; wait'];
    const whole = { linux: { resources: { unified: { 'memory.oom.group': '1' } } } };
    const { exitCode, reason } = await crictl.finish(pod, { name: 'hungry', command: hungry, config: whole });
    assert.deepEqual([exitCode, reason], [137, 'OOMKilled']);

    assert.match(
      await sh('dd if=/dev/zero of=/big bs=1M 2>&1; rm /big; echo more > /more && cat /more'),
      /No space left[^]*more$/,
    );

    assert.equal(await sh('cat /volume/file'), 'content');
    await rm(volume, { recursive: true });
    assert.match(await sh('(echo more > /volume/new) 2>&1; echo still here'), /can't create[^]*still here$/);

    assert.equal(await sh('cat /proc/1/comm'), 'guest-init');
    assert.equal(await sh('kill -KILL 1; kill -STOP 1; echo alive'), 'alive');
    // guest-init's own priority is not its children's
    assert.equal(await sh('cut -d " " -f 19 /proc/self/stat'), '0');

    // a daemon that stood still for longer than a guest may be silent has heard nothing, which is not the guest's fault
    process.kill(world().daemon.pid, 'SIGSTOP');
    await delay(SILENCE_MS + 3_000);
    process.kill(world().daemon.pid, 'SIGCONT');
    assert.equal(await sh('echo alive'), 'alive');

    assert.equal(await crictl.podState(pod.id), 'SANDBOX_READY');
    assert.ok(!heard.names().includes(`STOPPED ${id}`));
    await crictl.removePod(pod);
  });
});
