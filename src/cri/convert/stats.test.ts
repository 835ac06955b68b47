import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PressureLine, Usage } from '../../runtime/stats/stats.ts';
import { containerConfig } from '../../testing/configs.ts';
import { containerStats, containerView, sandboxStats, usage } from '../../testing/stats.ts';
import { toContainerStats, toPodSandboxStats } from './stats.ts';

/** No number twice. */
const PRESSURE: Usage['pressure'] = {
  cpu: { some: line(1), full: line(5) },
  memory: { some: line(9), full: line(13) },
  io: { some: line(17), full: line(21) },
};
const SHOWN_PRESSURE = [
  { Some: { Avg10: 1, Avg60: 2, Avg300: 3, Total: '4' }, Full: { Avg10: 5, Avg60: 6, Avg300: 7, Total: '8' } },
  { Some: { Avg10: 9, Avg60: 10, Avg300: 11, Total: '12' }, Full: { Avg10: 13, Avg60: 14, Avg300: 15, Total: '16' } },
  {
    timestamp: '1000',
    psi: {
      Some: { Avg10: 17, Avg60: 18, Avg300: 19, Total: '20' },
      Full: { Avg10: 21, Avg60: 22, Avg300: 23, Total: '24' },
    },
  },
];

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

  it('has the pressure that a kernel with PSI counts, each number in its place', () => {
    const shown = toContainerStats(containerStats({ usage: usage({ pressure: PRESSURE }) }), '/disk');
    assert.deepEqual([shown.cpu?.psi, shown.memory?.psi, shown.io], SHOWN_PRESSURE);
  });
});

describe('toPodSandboxStats', () => {
  it('has the guest’s own pressure', () => {
    const { linux } = toPodSandboxStats(sandboxStats({ usage: usage({ pressure: PRESSURE }), containers: [] }));
    assert.deepEqual([linux?.cpu?.psi, linux?.memory?.psi, linux?.io], SHOWN_PRESSURE);
  });

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

function line(first: number): PressureLine {
  return { avg10: first, avg60: first + 1, avg300: first + 2, totalNs: BigInt(first + 3) };
}
