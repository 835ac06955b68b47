import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { until } from './harness/crictl.ts';
import { leftovers, shims } from './harness/leftovers.ts';
import { useWorld } from './harness/suite.ts';

describe('addresses come back', () => {
  const world = useWorld();

  it('eight sandboxes with VMs: four removed, two given up by their callers, two lost to a SIGKILL of the shim', async () => {
    const { crictl, folders } = world();
    const giveUp = async (name: string, seconds: number): Promise<void> => {
      const config = join(folders.base, `${name}.json`);
      await writeFile(config, JSON.stringify({ metadata: { name, namespace: 'default', uid: name, attempt: 1 } }));
      assert.notEqual((await crictl.try('--timeout', `${seconds}s`, 'runp', config)).code, 0);
    };
    const [first, second, ...others] = await Promise.all([
      ...['a', 'b', 'c', 'd', 'e', 'f'].map((name) => crictl.runPod(name)),
      // one while plugins run, one while the VM boots, or thereabouts
      giveUp('g', 3),
      giveUp('h', 12),
    ]);
    assert.ok(typeof first === 'object' && typeof second === 'object');
    for (const { pid, sandbox } of await shims(folders)) {
      if (sandbox === first.id || sandbox === second.id) process.kill(pid, 'SIGKILL');
    }
    for (const pod of [first, second, ...others]) if (typeof pod === 'object') await crictl.removePod(pod);
    await until('nothing is left', async () => (await leftovers(folders)).length === 0 || undefined);
  });
});
