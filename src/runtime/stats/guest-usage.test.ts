import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CpuRate } from './cpu-rate.ts';
import { toUsage, toWritableLayer } from './guest-usage.ts';

const NOTHING = {
  cpu: null,
  memory: null,
  processes: '0',
  threads: '0',
  cpuPressure: null,
  memoryPressure: null,
  ioPressure: null,
  io: [],
  hugePages: [],
};
const NO_MEMORY = {
  usageBytes: '0',
  maxUsageBytes: '0',
  anonymousBytes: '0',
  fileBytes: '0',
  mappedFileBytes: '0',
  activeFileBytes: '0',
  inactiveFileBytes: '0',
  kernelBytes: '0',
  pageFaults: '0',
  majorPageFaults: '0',
  limitHits: '0',
  oomKills: '0',
};
const MAX = (2n ** 64n - 1n).toString();

function usage(over: Partial<Parameters<typeof toUsage>[0]>) {
  return toUsage({ ...NOTHING, ...over }, 1n, new CpuRate());
}

describe('toUsage', () => {
  it('counts the working set without inactive files, and what is left of the limit', () => {
    const memory = { ...NO_MEMORY, usageBytes: '1000', inactiveFileBytes: '300', limitBytes: '2000' };
    const { memory: shown } = usage({ memory });
    assert.deepEqual([shown.usage, shown.workingSet, shown.available], [1000n, 700n, 1300n]);
    assert.equal(usage({ memory: { ...NO_MEMORY, usageBytes: '5' } }).memory.available, undefined);
  });

  it('has no swap and no pressure where the kernel has none', () => {
    const { swap, pressure } = usage({ memory: NO_MEMORY });
    assert.deepEqual([swap, pressure], [undefined, { cpu: undefined, memory: undefined, io: undefined }]);
    const swapping = usage({ memory: { ...NO_MEMORY, swapBytes: '5', swapLimitBytes: '8' } });
    assert.deepEqual(swapping.swap, { usage: 5n, available: 3n });
  });

  it('turns microseconds into nanoseconds', () => {
    const cpu = { usageUs: '7', userUs: '4', systemUs: '3', periods: '2', throttledPeriods: '1', throttledUs: '9' };
    const shown = usage({ cpu }).cpu;
    assert.deepEqual([shown.usageNs, shown.userNs, shown.throttledNs], [7000n, 4000n, 9000n]);
  });

  it('survives whatever a hostile guest says', () => {
    const line = { avg10: Number.NaN, avg60: -1, avg300: 1e300, totalUs: MAX };
    const io = Array.from({ length: 1000 }, () => ({
      major: 1,
      minor: 2,
      readBytes: MAX,
      writtenBytes: MAX,
      reads: MAX,
      writes: MAX,
    }));
    const shown = usage({
      cpu: { usageUs: MAX, userUs: MAX, systemUs: MAX, periods: MAX, throttledPeriods: MAX, throttledUs: MAX },
      memory: { ...NO_MEMORY, usageBytes: '1', inactiveFileBytes: MAX, limitBytes: '0' },
      cpuPressure: { some: line, full: null },
      io,
      hugePages: [
        { size: 'x'.repeat(1000), usageBytes: '1' },
        { size: '2MB', usageBytes: '1' },
      ],
    });
    assert.equal(shown.cpu.usageNs, BigInt(MAX));
    assert.deepEqual([shown.memory.workingSet, shown.memory.available], [0n, 0n]);
    assert.deepEqual(shown.pressure.cpu?.some, { avg10: 0, avg60: 0, avg300: 0, totalNs: BigInt(MAX) });
    assert.equal(shown.io.length, 32);
    assert.deepEqual(shown.hugePages, [{ size: '2MB', usage: 1n }]);
  });
});

describe('toWritableLayer', () => {
  const counted = (takenAtNs: string) => ({
    containerId: 'c',
    usage: null,
    details: null,
    writableLayer: { bytes: '4096', inodes: '1', takenAtNs },
  });

  it('dates the count by how long ago it was', () => {
    assert.deepEqual(toWritableLayer(counted('700'), 1000n, '5000'), { at: '4700', bytes: 4096n, inodes: 1n });
    assert.equal(toWritableLayer({ ...counted('0'), writableLayer: null }, 1000n, '5000'), undefined);
  });

  it('never dates it in the future, nor before time began', () => {
    assert.equal(toWritableLayer(counted('2000'), 1000n, '5000')?.at, '5000');
    assert.equal(toWritableLayer(counted('0'), 10_000n, '5000')?.at, '5000');
  });
});
