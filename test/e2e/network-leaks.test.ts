import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { until } from './harness/crictl.ts';
import { leftovers, shims } from './harness/leftovers.ts';
import { BUSYBOX } from './harness/settings.ts';
import { useWorld } from './harness/suite.ts';

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
