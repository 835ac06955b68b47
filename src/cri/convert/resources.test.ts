import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LinuxContainerResources__Output } from '../generated/runtime/v1/LinuxContainerResources.ts';
import { fromResources, toResources } from './resources.ts';

function asked(over: Partial<LinuxContainerResources__Output> = {}): LinuxContainerResources__Output {
  return {
    cpuPeriod: '100000',
    cpuQuota: '-1',
    cpuShares: '2',
    memoryLimitInBytes: '1048576',
    oomScoreAdj: '-997',
    cpusetCpus: '0-1',
    cpusetMems: '',
    hugepageLimits: [],
    unified: { 'memory.oom.group': '1' },
    memorySwapLimitInBytes: '0',
    ...over,
  };
}

describe('toResources', () => {
  it('and back shows what was asked for', () => {
    const { hugepageLimits: _, ...rest } = asked();
    const shown = Object.entries(fromResources(toResources(asked())));
    assert.deepEqual(
      Object.fromEntries(shown.map(([key, value]) => [key, typeof value === 'number' ? String(value) : value])),
      rest,
    );
  });

  it('takes kubelet’s list of page sizes with nothing in it, and refuses huge pages', () => {
    toResources(asked({ hugepageLimits: [{ pageSize: '2MB', limit: '0' }] }));
    assert.throws(() => toResources(asked({ hugepageLimits: [{ pageSize: '2MB', limit: '4194304' }] })), {
      reason: 'NOT_SUPPORTED',
      message: /4194304 bytes of 2MB/,
    });
  });
});
