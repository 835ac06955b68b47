import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resources, sandboxConfig } from '../testing/configs.ts';
import { matchesGolden } from '../testing/golden.ts';
import { boxConfig } from './box-config.ts';

const ID = 'ab'.repeat(32);
const DEFAULTS = { vcpus: 1, memoryMiB: 512, scratchBytes: 1024 ** 3 };
const MIB = 1024 * 1024;

describe('boxConfig', () => {
  it('takes the defaults where the pod names nothing', () => {
    const box = boxConfig(sandboxConfig(), ID, DEFAULTS);
    assert.equal(box.vcpus, 1);
    assert.equal(box.memoryMiB, 512);
    assert.equal(box.scratchBytes, 1024 ** 3);
    assert.equal(box.hostname, 'abababababab');
  });

  it('sizes the VM by the pod’s limits', () => {
    const limits = resources({ cpuPeriod: 100_000, cpuQuota: 250_000, memoryLimitBytes: 1000 * MIB });
    const box = boxConfig(sandboxConfig({ resources: limits }), ID, DEFAULTS);
    assert.equal(box.vcpus, 3);
    assert.equal(box.memoryMiB, 1096);
  });

  it('gives the guest what the RuntimeClass’s overhead pays for, beside the VMM, but never too little', () => {
    const limits = resources({ memoryLimitBytes: 1000 * MIB });
    const sized = (overheadMiB: number): number => {
      const overhead = resources({ memoryLimitBytes: overheadMiB * MIB, cpuPeriod: 100_000, cpuQuota: 300_000 });
      return boxConfig(sandboxConfig({ resources: limits, overhead }), ID, DEFAULTS).memoryMiB;
    };
    assert.deepEqual([sized(256), sized(112), sized(16)], [1240, 1096, 1096]);
  });

  it('of the pods kubelet makes is the golden one', async () => {
    const limits = { cpuPeriod: 100_000, cpuQuota: 150_000, cpuShares: 512, memoryLimitBytes: 300 * MIB };
    const overhead = resources({ cpuShares: 256, memoryLimitBytes: 160 * MIB });
    const pods = {
      bestEffort: sandboxConfig({ resources: resources({ cpuShares: 2 }), overhead }),
      burstable: sandboxConfig({ resources: resources({ cpuShares: 512 }) }),
      guaranteed: sandboxConfig({ resources: resources(limits), overhead, hostname: 'web', sysctls: { 'a.b': '1' } }),
    };
    const boxes = Object.entries(pods).map(([name, pod]) => [name, boxConfig(pod, ID, DEFAULTS)] as const);
    await matchesGolden('box-config.json', Object.fromEntries(boxes));
  });

  it('never goes below what the guest kernel needs, nor above its processors', () => {
    const tiny = resources({ cpuPeriod: 100_000, cpuQuota: 1000, memoryLimitBytes: 4 * MIB });
    assert.deepEqual(pick(boxConfig(sandboxConfig({ resources: tiny }), ID, DEFAULTS)), [1, 128]);
    const huge = resources({ cpuPeriod: 1000, cpuQuota: 900_000, memoryLimitBytes: 1 });
    assert.deepEqual(pick(boxConfig(sandboxConfig({ resources: huge }), ID, DEFAULTS)), [16, 128]);
  });
});

function pick({ vcpus, memoryMiB }: { vcpus: number; memoryMiB: number }): number[] {
  return [vcpus, memoryMiB];
}
