/** Hundreds of processes in one container, one after the other: nothing of them stays in the daemon, the VMM or the guest. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { residentMiB, shimMemory } from '../../src/testing/memory.ts';
import { type Cri, call, connectCri } from './harness/cri.ts';
import { vmmOf } from './harness/leftovers.ts';
import { useWorld } from './harness/suite.ts';
import { websocketExec } from './harness/websocket-exec.ts';

/** The first ones open connections and fill pools. */
const WARM_UP = { sync: 50, streamed: 5 };
const MEASURED = { sync: 500, streamed: 50 };
const DAEMON_GROWTH_MIB = 20;
const VMM_GROWTH_MIB = 20;
const GUEST_INIT_GROWTH_MIB = 1;
/** libkrun keeps the descriptor of a closed vsock connection for five seconds. */
const VSOCK_LINGER_MS = 10_000;
/** In the VM's own process namespace, where process 1 is guest-init. */
const SPY = {
  linux: { security_context: { capabilities: { add_capabilities: ['SYS_PTRACE'] }, namespace_options: { pid: 2 } } },
};
const KERNEL_THREADS = 2;

interface Footprint {
  readonly counts: {
    readonly daemonFds: number;
    readonly vmmFds: number;
    readonly guestFds: number;
    readonly guestProcesses: number;
  };
  readonly daemonMiB: number;
  /** Without the guest's own memory, which it touches bit by bit. */
  readonly vmmMiB: number;
  readonly guestInitMiB: number;
}

describe('processes added to a container', () => {
  const world = useWorld();
  let cri: Cri;
  before(() => {
    cri = connectCri(world().folders.socket);
  });
  after(() => cri.close());

  async function run(containerId: string, { sync, streamed }: typeof MEASURED): Promise<void> {
    const cmd = ['true'];
    for (let index = 0; index < sync; index += 1) {
      const { exitCode } = await call(cri.runtime.execSync.bind(cri.runtime), { containerId, cmd, timeout: '0' });
      assert.equal(exitCode, 0);
    }
    for (let index = 0; index < streamed; index += 1) await websocketExec(cri, containerId, cmd);
  }

  async function footprint(vmm: number, spy: string): Promise<Footprint> {
    await delay(VSOCK_LINGER_MS);
    const { crictl, daemon } = world();
    const fds = async (pid: number): Promise<number> => (await readdir(`/proc/${pid}/fd`)).length;
    const [daemonFds, vmmFds] = await Promise.all([fds(daemon.pid), fds(vmm)]);
    const [daemonMiB, { ownMiB: vmmMiB }] = await Promise.all([residentMiB(daemon.pid), shimMemory(vmm)]);
    const script = 'ls /proc/1/fd | wc -l; grep VmRSS: /proc/1/status; grep -h PPid: /proc/[0-9]*/status';
    const seen = await crictl.exec(spy, 'sh', '-c', script);
    const [guestFds = NaN, kib = NaN, ...parents] = (seen.match(/\d+/g) ?? []).map(Number);
    const guestProcesses = parents.filter((parent) => parent !== KERNEL_THREADS).length;
    return { counts: { daemonFds, vmmFds, guestFds, guestProcesses }, daemonMiB, vmmMiB, guestInitMiB: kib / 1024 };
  }

  it(`${MEASURED.sync} by ExecSync and ${MEASURED.streamed} by Exec leave no descriptor, no process and no memory behind`, async () => {
    const { crictl, folders } = world();
    const pod = await crictl.runPod('leaks');
    const id = await crictl.start(pod, { command: ['sleep', '100000'] });
    const spy = await crictl.start(pod, { name: 'spy', command: ['sleep', '100000'], config: SPY });
    const vmm = await vmmOf(folders, pod.id);
    await run(id, WARM_UP);
    const before = await footprint(vmm, spy);
    await run(id, MEASURED);
    const later = await footprint(vmm, spy);
    process.stdout.write(`# ${JSON.stringify(before)}\n# ${JSON.stringify(later)}\n`);
    assert.deepEqual(later.counts, before.counts);
    assert.ok(later.daemonMiB - before.daemonMiB < DAEMON_GROWTH_MIB, 'the daemon has grown');
    assert.ok(later.vmmMiB - before.vmmMiB < VMM_GROWTH_MIB, 'the VMM has grown');
    assert.ok(later.guestInitMiB - before.guestInitMiB < GUEST_INIT_GROWTH_MIB, 'guest-init has grown');
  });
});
