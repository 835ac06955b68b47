import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Armed } from './harness/armed.ts';
import { type Cri, call, connectCri } from './harness/cri.ts';
import { until } from './harness/crictl.ts';
import { leftovers, shims } from './harness/leftovers.ts';
import { BUSYBOX } from './harness/settings.ts';
import { useWorld } from './harness/suite.ts';

const ROUNDS = 10;
const AT_ONCE = 4;
/** Where one more is killed, round by round, and what its caller is told: as its VMM starts, as its guest boots, and when it runs. */
const KILLED_AT = [
  ['run.shim-recorded', /did not boot/],
  ['run.shim-configured', /did not boot/],
  ['run.guest-ready', /was ready, and then its VM ended/],
  ['run.guest-configured', /was ready, and then its VM ended/],
] as const;
/** Longer than it takes to find the VMM that is held. */
const HOLD = 'delay:2000';

const runPodSandbox = ({ runtime }: Cri, name: string): Promise<{ readonly podSandboxId: string }> =>
  call(runtime.runPodSandbox.bind(runtime), {
    config: { metadata: { name, namespace: 'default', uid: name, attempt: 0 }, linux: {} },
  });

describe('addresses come back', () => {
  const world = useWorld([BUSYBOX], 'default');

  it('six sandboxes with VMs: two removed, two given up by their callers, two lost to a SIGKILL of the shim', async () => {
    const { crictl, folders } = world();
    const giveUp = async (name: string, seconds: number): Promise<void> => {
      const config = join(folders.base, `${name}.json`);
      await writeFile(config, JSON.stringify({ metadata: { name, namespace: 'default', uid: name, attempt: 1 } }));
      const { code, stdout } = await crictl.try('--timeout', `${seconds}s`, 'runp', config);
      // it was quicker than the caller's patience
      if (code === 0) await crictl.ok('rmp', '-f', stdout.trim());
    };
    const removed = await Promise.all([crictl.runPod('a'), crictl.runPod('b')]);
    // while plugins run, and while the VM boots, or thereabouts
    await Promise.all([giveUp('c', 1), giveUp('d', 5)]);
    for (const pod of removed) await crictl.removePod(pod);
    const lost = await Promise.all([crictl.runPod('e'), crictl.runPod('f')]);
    for (const { pid, sandbox } of await shims(folders)) {
      if (lost.some(({ id }) => id === sandbox)) process.kill(pid, 'SIGKILL');
    }
    for (const pod of lost) await crictl.removePod(pod);
    await until('nothing is left', async () => (await leftovers(folders)).length === 0 || undefined);
  });
});

describe('addresses come back from many', () => {
  const world = useWorld([BUSYBOX], 'plain', true);

  it('fifty sandboxes with VMs: forty removed, four at once, and ten killed half way beside them', async () => {
    const { folders } = world();
    const cri = connectCri(folders.socket);
    const { runtime } = cri;
    for (let round = 0; round < ROUNDS; round += 1) {
      const [where, says] = KILLED_AT[round % KILLED_AT.length] ?? KILLED_AT[0];
      const armed = await Armed.arm(folders, where, HOLD);
      const killed = assert.rejects(runPodSandbox(cri, `fifty-${round}-killed`), says);
      await armed.reached;
      const found = await shims(folders);
      assert.equal(found.length, 1);
      for (const { pid } of found) process.kill(pid, 'SIGKILL');
      const names = Array.from({ length: AT_ONCE }, (_, index) => `fifty-${round}-${index}`);
      const made = await Promise.all(names.map((name) => runPodSandbox(cri, name)));
      await killed;
      for (const { podSandboxId } of made) {
        await call(runtime.stopPodSandbox.bind(runtime), { podSandboxId });
        await call(runtime.removePodSandbox.bind(runtime), { podSandboxId });
      }
    }
    cri.close();
    assert.deepEqual(await leftovers(folders), []);
  });
});
