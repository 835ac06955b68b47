import assert from 'node:assert/strict';
import { it } from 'node:test';
import { leftovers, sweep, type Trace } from './trace.ts';

const trace = (kind: Trace['kind'], owner: string, remove: Trace['remove'] = async () => true): Trace => ({
  kind,
  name: `${kind} of ${owner}`,
  owner,
  remove,
});

it('a sandbox that has ended keeps all it has but a shim', () => {
  const traces = (['lost', 'ended', 'runs'] as const).flatMap((owner) => [
    trace('shim', owner),
    trace('cgroup', owner),
  ]);
  const found = leftovers(traces, new Set(['ended', 'runs']), new Set(['ended']));
  assert.deepEqual(
    found.map(({ name }) => name),
    ['shim of lost', 'cgroup of lost', 'shim of ended'],
  );
});

it('one that hangs holds up only what comes after it of its own sandbox', async () => {
  const logged: unknown[] = [];
  const line = (facts: Readonly<Record<string, unknown>>): void => void logged.push(facts['name']);
  const log = { debug: line, info: line, warn: line, error: line };
  const answered = Promise.withResolvers<boolean>();
  const last = Promise.withResolvers<boolean>();
  const removing = [
    trace('address', 'stuck', () => answered.promise),
    trace('cgroup', 'stuck'),
    trace('address', 'other'),
    trace('cgroup', 'other', async () => {
      last.resolve(true);
      return true;
    }),
  ];
  const swept = sweep(removing, log);
  await last.promise;
  await new Promise(setImmediate);
  assert.deepEqual(logged, ['address of other', 'cgroup of other']);
  answered.resolve(true);
  assert.deepEqual(await swept, []);
  assert.equal(logged.length, removing.length);
});
