import assert from 'node:assert/strict';
import { it } from 'node:test';
import { busctlArray, limitProperties, scopeProperties } from './scope-properties.ts';

const scope = { unit: 'a3s-012345-6789.scope', slice: 'kubepods-podx.slice' };

it('limits are properties of systemd’s, in its units; what is not limited is absent', () => {
  assert.deepEqual(limitProperties({}), []);
  assert.deepEqual(limitProperties({ memoryBytes: 1024, cpu: { quota: 150_000, period: 100_000 }, cpuShares: 1024 }), [
    ['MemoryMax', 't', '1024'],
    ['CPUQuotaPerSecUSec', 't', '1500000'],
    ['CPUQuotaPeriodUSec', 't', '100000'],
    ['CPUWeight', 't', '39'],
  ]);
});

it('a scope begins in its slice, with its process and its limits', () => {
  const properties = scopeProperties(scope, { memoryBytes: 1024 }, 42);
  const of = (name: string): readonly string[] | undefined => properties.find(([found]) => found === name);
  assert.deepEqual(of('Slice'), ['Slice', 's', 'kubepods-podx.slice']);
  assert.deepEqual(of('PIDs'), ['PIDs', 'au', '1', '42']);
  assert.deepEqual(of('MemoryMax'), ['MemoryMax', 't', '1024']);
  assert.deepEqual(of('Delegate'), ['Delegate', 'b', 'true']);
});

it('an array of them is its length and all their words', () => {
  assert.deepEqual(busctlArray([]), ['0']);
  assert.deepEqual(
    busctlArray([
      ['PIDs', 'au', '1', '42'],
      ['Delegate', 'b', 'true'],
    ]),
    ['2', 'PIDs', 'au', '1', '42', 'Delegate', 'b', 'true'],
  );
});
