import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { StatsResponse } from '../../guest-client/generated/a3s/guest/v1/StatsResponse.ts';
import { FakeGuest } from '../../testing/fake-guest.ts';
import { containerView, sandboxStats, sandboxView } from '../../testing/stats.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { StatsCollector } from './stats-collector.ts';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const MIB = 1024 * 1024;
const SECOND = 1_000_000_000n;

describe('StatsCollector', () => {
  let good: FakeGuest;
  let hung: FakeGuest;
  before(async () => {
    [good, hung] = await Promise.all([FakeGuest.start(), FakeGuest.start()]);
  });
  after(() => Promise.all([good.stop(), hung.stop()]));

  /** As much of a sandbox as statistics look at: its VM's guest and its containers. */
  function sandboxOf(id: string, guest: FakeGuest): Sandbox {
    const container = { id: `c-${id}`, view: () => containerView({ id: `c-${id}`, sandboxId: id }) };
    const sandbox: Pick<Sandbox, 'id' | 'paths' | 'view'> = {
      id,
      paths: { netnsName: `ns-${id}` } as Sandbox['paths'],
      view: () => sandboxView({ id }),
    };
    return {
      ...sandbox,
      vm: () => ({ guest: guest.client }),
      containers: new Map([[container.id, container]]),
    } as unknown as Sandbox;
  }

  function collector(network: () => Promise<ReturnType<typeof sandboxStats>['network']>): StatsCollector {
    return new StatsCollector({
      root: '/root',
      network: { stats: network } as unknown as ConstructorParameters<typeof StatsCollector>[0]['network'],
      log: silent,
    });
  }
  const eth0 = () => Promise.resolve(sandboxStats().network);

  function answer(takenAtNs: bigint, usageUs: bigint): () => Promise<StatsResponse> {
    const cpu = { usageUs: usageUs.toString() };
    const usage = { cpu, memory: { usageBytes: 3 * MIB, inactiveFileBytes: MIB }, processes: 2, threads: 5 };
    return async () => ({
      takenAtNs: takenAtNs.toString(),
      sandbox: { cpu, memory: { usageBytes: 64 * MIB } },
      containers: [
        {
          containerId: 'c-a',
          usage,
          writableLayer: { bytes: 4096, inodes: 1, takenAtNs: (takenAtNs - 7n).toString() },
        },
        { containerId: 'nobody knows it', usage },
      ],
      scratchBytes: MIB,
      scratchInodes: 10,
      scratchFreeInodes: 9,
    });
  }

  it('tells of the guest and of the containers that are known, with rates from the second time on', async () => {
    const stats = collector(eth0);
    const sandbox = sandboxOf('a', good);
    good.stats = answer(10n * SECOND, 1_000_000n);
    const first = await stats.one(sandbox, 'network');
    assert.deepEqual(
      first.containers.map(({ container }) => container.id),
      ['c-a'],
    );
    const [container] = first.containers;
    assert.equal(container?.usage.memory.workingSet, BigInt(2 * MIB));
    assert.equal(container?.usage.cpu.nanoCores, undefined);
    assert.equal(container?.writableLayer?.at, (BigInt(first.at) - 7n).toString());
    assert.deepEqual([first.usage.processes, first.usage.threads], [2n, 5n]);
    assert.equal(first.network[0]?.name, 'eth0');
    assert.ok(BigInt(first.at) > 0n);
    good.stats = answer(12n * SECOND, 2_000_000n);
    const second = await stats.one(sandbox, 'network');
    assert.equal(second.usage.cpu.nanoCores, SECOND / 2n);
    assert.equal(second.containers[0]?.usage.cpu.nanoCores, SECOND / 2n);
  });

  it('leaves out a guest that hangs, and answers for the others in a few seconds', async () => {
    good.stats = answer(SECOND, 1n);
    const started = performance.now();
    const all = await collector(eth0).all([sandboxOf('hung', hung), sandboxOf('a', good)], 'containers');
    assert.deepEqual(
      all.map(({ sandbox }) => sandbox.id),
      ['a'],
    );
    assert.ok(performance.now() - started < 8000);
  });

  it('leaves out network counters that cannot be read', async () => {
    good.stats = answer(SECOND, 1n);
    const stats = await collector(() => Promise.reject(new Error('no such namespace'))).one(
      sandboxOf('a', good),
      'details',
    );
    assert.deepEqual(stats.network, []);
    assert.equal(stats.containers.length, 1);
  });
});
