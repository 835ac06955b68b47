import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resources } from '../testing/configs.ts';
import { requireMemory, requireProcessors } from './vm-limits.ts';

const MIB = 1024 * 1024;

describe('a VM’s limits', () => {
  it('let everything pass that fits, and no limit at all', () => {
    requireMemory('c', resources({ memoryLimitBytes: 160 * MIB }), { memoryMiB: 160 });
    requireMemory('c', resources({ memoryLimitBytes: -1 }), { memoryMiB: 160 });
    requireMemory('c', undefined, { memoryMiB: 160 });
    requireProcessors('s', resources({ cpuQuota: 200_000, cpuPeriod: 100_000 }), { vcpus: 2 });
    requireProcessors('s', resources({ cpuQuota: -1, cpuPeriod: 100_000 }), { vcpus: 1 });
    requireProcessors('s', undefined, { vcpus: 1 });
  });

  it('name both sizes where something does not', () => {
    assert.throws(() => requireMemory('container x', resources({ memoryLimitBytes: 161 * MIB }), { memoryMiB: 160 }), {
      reason: 'VM_TOO_SMALL',
      message: /^container x: a memory limit of 161 MiB is more than the 160 MiB of its VM/,
    });
    assert.throws(
      () => requireProcessors('sandbox y', resources({ cpuQuota: 150_000, cpuPeriod: 100_000 }), { vcpus: 1 }),
      { reason: 'VM_TOO_SMALL', message: /1.5 processors is more than the 1 of its VM/ },
    );
  });
});
