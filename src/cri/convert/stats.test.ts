import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { containerConfig } from '../../testing/configs.ts';
import { containerStats, containerView, sandboxStats, usage } from '../../testing/stats.ts';
import { toContainerStats, toPodSandboxStats } from './stats.ts';

describe('toContainerStats', () => {
  it('says whom it is about, and dates every part', () => {
    const config = containerConfig({ labels: { app: 'x' }, annotations: { note: 'y' } });
    const swapping = usage({ swap: { usage: 5n, available: undefined } });
    const shown = toContainerStats(containerStats({ container: containerView({ config }), usage: swapping }), '/disk');
    assert.deepEqual(shown.attributes, {
      id: 'c1',
      metadata: { name: 'main', attempt: 0 },
      labels: { app: 'x' },
      annotations: { note: 'y' },
    });
    assert.deepEqual([shown.cpu?.timestamp, shown.memory?.timestamp, shown.swap?.timestamp], ['1000', '1000', '1000']);
    assert.deepEqual(shown.writableLayer, {
      timestamp: '900',
      fsId: { mountpoint: '/disk' },
      usedBytes: { value: '4096' },
      inodesUsed: { value: '1' },
    });
    assert.deepEqual(shown.swap?.swapUsageBytes, { value: '5' });
  });

  it('leaves out what is not known, instead of a zero', () => {
    const shown = toContainerStats(containerStats({ writableLayer: undefined }), '/disk');
    assert.deepEqual([shown.writableLayer, shown.swap, shown.io], [null, null, null]);
    assert.deepEqual([shown.cpu?.usageNanoCores, shown.cpu?.psi, shown.memory?.availableBytes], [null, null, null]);
  });
});

describe('toPodSandboxStats', () => {
  it('has eth0 as the default interface and the others beside it', () => {
    const [eth0] = sandboxStats().network;
    assert.ok(eth0 !== undefined);
    const { linux } = toPodSandboxStats(sandboxStats({ network: [eth0, { ...eth0, name: 'net1' }] }));
    assert.deepEqual(linux?.network?.defaultInterface, {
      name: 'eth0',
      rxBytes: { value: 1 },
      rxErrors: { value: 3 },
      txBytes: { value: 5 },
      txErrors: { value: 7 },
    });
    assert.deepEqual(
      linux.network.interfaces?.map(({ name }) => name),
      ['net1'],
    );
    assert.equal(toPodSandboxStats(sandboxStats({ network: [] })).linux?.network, null);
  });

  it('holds its running containers', () => {
    const ended = containerStats({ container: containerView({ id: 'c2', state: 'EXITED' }) });
    const { linux } = toPodSandboxStats(sandboxStats({ containers: [containerStats(), ended] }));
    assert.deepEqual(
      linux?.containers?.map(({ attributes }) => attributes?.id),
      ['c1'],
    );
  });
});
