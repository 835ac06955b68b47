import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countKills, explain, type Failure, Incidents, type Kill } from './incidents.ts';

const failure = (over: Partial<Failure>): Failure => ({
  call: 'StartContainer',
  pod: 'pod-1',
  sandbox: 'a',
  from: 1000,
  to: 2000,
  words: 'no',
  ...over,
});
const running = failure({ call: 'RunPodSandbox', sandbox: undefined });
const daemon: Kill = { victim: 'daemon', at: 50_000, over: 60_000, sandbox: '' };
const vmm = (sandbox: string, at: number): Kill => ({ victim: 'shim', at, over: at, sandbox });
const plugin = (sandbox: string, at: number): Kill => ({ victim: 'plugin', at, over: at, sandbox });
const explains = (kill: Kill, failed: Failure, told: readonly string[] = []): boolean =>
  explain(failed, [kill], new Set(told)) === kill;

describe('a failure is explained', () => {
  it('by the daemon’s death, if the call was under way until the next one serves, or soon after', () => {
    assert.equal(explains(daemon, failure({ from: 40_000, to: 49_999 })), false);
    assert.ok(explains(daemon, failure({ from: 40_000, to: 50_000 })));
    assert.ok(explains(daemon, failure({ from: 55_000, to: 55_001, sandbox: '' })));
    assert.ok(explains(daemon, failure({ from: 65_000, to: 90_000 })));
    assert.equal(explains(daemon, failure({ from: 71_000, to: 71_001 })), false);
    assert.ok(explains({ ...daemon, over: Number.POSITIVE_INFINITY }, failure({ from: 900_000, to: 900_001 })));
  });

  it('by the death of its own pod’s VMM, whenever that was, unless the call only ends the pod', () => {
    assert.ok(explains(vmm('a', 1500), failure({})));
    assert.ok(explains(vmm('a', 10), failure({})));
    const stop = failure({ call: 'StopPodSandbox' });
    assert.ok(explains(vmm('a', 1500), stop));
    assert.equal(explains(vmm('a', 10), stop), false);
    assert.equal(explains(vmm('a', 2001), failure({})), false);
    assert.equal(explains(vmm('b', 1500), failure({})), false);
    assert.equal(explains(vmm('a', 1500), failure({ sandbox: '' })), false);
  });

  it('by the death of a VMM or plugin of a sandbox that nobody was told of, if it was meanwhile being made', () => {
    assert.ok(explains(vmm('x', 1500), running));
    assert.ok(explains(plugin('x', 1500), running));
    assert.equal(explains(vmm('x', 999), running), false);
    assert.equal(explains(plugin('x', 1500), running, ['x']), false);
  });

  it('by the death of its own pod’s plugin, and by that of a plugin that is nobody’s', () => {
    assert.ok(explains(plugin('a', 1500), failure({ call: 'StopPodSandbox' })));
    assert.equal(explains(plugin('a', 10), failure({})), false);
    assert.equal(explains(plugin('b', 1500), failure({ call: 'StopPodSandbox' })), false);
    assert.ok(explains(plugin('', 1500), failure({})));
  });
});

it('what no kill explains is told with the call, the pod and the words', async () => {
  const incidents = new Incidents();
  assert.equal(await incidents.watch('ExecSync', 'pod-1', 'a', async () => 7), 7);
  const fails = (sandbox: string | undefined) =>
    incidents.watch(sandbox === undefined ? 'RunPodSandbox' : 'ExecSync', 'pod-1', sandbox, () =>
      Promise.reject(new Error('one call in three')),
    );
  for (const sandbox of ['a', 'b', undefined]) await assert.rejects(fails(sandbox), /one call in three/);
  const now = Date.now();
  assert.equal(incidents.failures.length, 3);
  const [only, ...others] = incidents.unexplained([vmm('a', now - 1000), plugin('x', now + 1000)]);
  assert.match(only ?? '', /^\S+Z ExecSync of pod-1 \(b\) failed after \d\.\d s: one call in three$/);
  assert.equal(others.length, 1);
  incidents.tell('x');
  assert.equal(incidents.unexplained([{ ...daemon, at: now - 1000, over: now }]).length, 0);
});

it('kills are counted by kind', () => {
  assert.deepEqual(countKills([daemon, vmm('a', 1), vmm('b', 2)]), { plugin: 0, shim: 2, daemon: 1 });
});
