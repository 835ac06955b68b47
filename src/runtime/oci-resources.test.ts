import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resources } from '../testing/configs.ts';
import { mergeResources, ociResources } from './oci-resources.ts';

const BOX = { vcpus: 2 };

describe('ociResources', () => {
  it('leaves out what is not set', () => {
    assert.deepEqual(ociResources(resources(), BOX), { memory: {}, cpu: {}, unified: {} });
  });

  it('passes a limit that is to be lifted', () => {
    const { memory, cpu } = ociResources(resources({ memoryLimitBytes: -1, cpuQuota: -1, cpuPeriod: 100_000 }), BOX);
    assert.deepEqual([memory, cpu], [{ limit: -1 }, { quota: -1, period: 100_000 }]);
  });

  it('keeps the node’s cpuset to the VM’s processors and its one memory node', () => {
    assert.deepEqual(ociResources(resources({ cpusetCpus: '0-63', cpusetMems: '0-1' }), BOX).cpu, {
      cpus: '0,1',
      mems: '0',
    });
    assert.throws(() => ociResources(resources({ cpusetMems: '1' }), BOX), { reason: 'NOT_SUPPORTED' });
  });
});

describe('mergeResources', () => {
  const current = resources({
    cpuPeriod: 100_000,
    cpuQuota: 50_000,
    memoryLimitBytes: 100,
    oomScoreAdj: 900,
    unified: { 'memory.high': '90', 'memory.oom.group': '1' },
  });

  it('changes what is set and nothing else', () => {
    const change = resources({ cpuQuota: 20_000, oomScoreAdj: -5, unified: { 'memory.high': '80' } });
    assert.deepEqual(mergeResources(current, change), {
      ...current,
      cpuQuota: 20_000,
      unified: { 'memory.high': '80', 'memory.oom.group': '1' },
    });
  });

  it('of unchanged values is what it was: kubelet sends memory with every change of the processor', () => {
    assert.deepEqual(mergeResources(current, current), current);
  });

  it('takes the change as it is where there was nothing, but for the score of processes that run', () => {
    const change = resources({ memoryLimitBytes: 5, oomScoreAdj: 3 });
    assert.deepEqual(mergeResources(undefined, change), { ...change, oomScoreAdj: 0 });
  });
});
