import assert from 'node:assert/strict';
import { it } from 'node:test';
import { freeHost } from './stop-sandbox.ts';

const sandbox = { place: { sandboxId: 's1', netnsName: 'ns1' }, cgroup: { parent: '', name: 'g1' } };

/** A host that frees nothing of what is named in `stuck`. */
function host(stuck: readonly string[]) {
  const freed: string[] = [];
  const free = async (what: string): Promise<void> => {
    if (stuck.includes(what)) throw new Error(`${what} is busy`);
    freed.push(what);
  };
  return { freed, network: { detach: () => free('network') }, cgroups: { remove: () => free('cgroup') } };
}

it('neither of network and cgroup keeps the other from being freed, and the caller is told', async () => {
  const stuckGroup = host(['cgroup']);
  await assert.rejects(freeHost(stuckGroup, sandbox), /cgroup is busy/);
  assert.deepEqual(stuckGroup.freed, ['network']);
  const stuckNetwork = host(['network']);
  await assert.rejects(freeHost(stuckNetwork, sandbox), /network is busy/);
  assert.deepEqual(stuckNetwork.freed, ['cgroup']);
  await assert.rejects(freeHost(host(['network', 'cgroup']), sandbox), /network is busy/);
});
