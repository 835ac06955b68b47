import assert from 'node:assert/strict';
import { it } from 'node:test';
import { resources } from '../../testing/configs.ts';
import { limitFiles, sandboxLimits } from './limits.ts';

const MIB = 1024 * 1024;
const pod = resources({ memoryLimitBytes: 512 * MIB, cpuQuota: 50_000, cpuPeriod: 100_000, cpuShares: 102 });
const overhead = resources({ memoryLimitBytes: 200 * MIB, cpuQuota: 5_000, cpuPeriod: 100_000, cpuShares: 51 });

it('a pod’s limits and its overhead are added up', () => {
  assert.deepEqual(sandboxLimits({ resources: pod, overhead }, { memoryMiB: 640 }), {
    memoryBytes: 712 * MIB,
    cpu: { quota: 55_000, period: 100_000 },
    cpuShares: 153,
  });
});

it('the memory is never less than the VM needs', () => {
  const { memoryBytes } = sandboxLimits({ resources: pod }, { memoryMiB: 608 });
  assert.equal(memoryBytes, (608 + 32 + 5) * MIB);
});

it('what the pod does not limit is not limited', () => {
  assert.deepEqual(sandboxLimits({}, { memoryMiB: 512 }), {});
  assert.deepEqual(sandboxLimits({ resources: resources(), overhead }, { memoryMiB: 512 }), {});
});

it('both versions of cgroups have files for them', () => {
  const limits = { memoryBytes: 1000, cpu: { quota: 5, period: 10 }, cpuShares: 1024 };
  const lines = (version: 1 | 2): readonly string[] =>
    limitFiles(version, limits).map(({ controller, file, value }) => `${controller}: ${file} = ${value}`);
  assert.deepEqual(lines(2), ['memory: memory.max = 1000', 'cpu: cpu.max = 5 10', 'cpu: cpu.weight = 39']);
  assert.deepEqual(lines(1), [
    'memory: memory.limit_in_bytes = 1000',
    'cpu: cpu.cfs_period_us = 10',
    'cpu: cpu.cfs_quota_us = 5',
    'cpu: cpu.shares = 1024',
  ]);
});

it('shares become weights between 1 and 10000', () => {
  const weight = (cpuShares: number): string | undefined => limitFiles(2, { cpuShares })[0]?.value;
  assert.deepEqual([1, 2, 262_144, 1_000_000].map(weight), ['1', '1', '10000', '10000']);
});
