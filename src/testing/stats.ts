/** Statistics for tests: a guest that uses nothing, the test names only what it is about. */
import type { ContainerView, SandboxView } from '../runtime/model.ts';
import type { ContainerStats, SandboxStats, Usage } from '../runtime/stats/stats.ts';
import { sandboxConfig } from './configs.ts';
import { containerRecord } from './records.ts';

export function usage(over: Partial<Usage> = {}): Usage {
  return {
    cpu: {
      usageNs: 0n,
      userNs: 0n,
      systemNs: 0n,
      periods: 0n,
      throttledPeriods: 0n,
      throttledNs: 0n,
      nanoCores: undefined,
    },
    memory: {
      usage: 0n,
      workingSet: 0n,
      available: undefined,
      peak: 0n,
      anonymous: 0n,
      cache: 0n,
      mappedFiles: 0n,
      activeFiles: 0n,
      inactiveFiles: 0n,
      kernel: 0n,
      pageFaults: 0n,
      majorPageFaults: 0n,
      limitHits: 0n,
      oomKills: 0n,
    },
    swap: undefined,
    processes: 0n,
    threads: 0n,
    threadsMax: undefined,
    pressure: { cpu: undefined, memory: undefined, io: undefined },
    io: [],
    hugePages: [],
    ...over,
  };
}

export function sandboxView(over: Partial<SandboxView> = {}): SandboxView {
  return {
    id: 's1',
    config: sandboxConfig(),
    handler: '',
    state: 'READY',
    reason: '',
    createdAt: '1',
    ips: ['10.0.0.1'],
    ...over,
  };
}

export function containerView(over: Partial<ContainerView> = {}): ContainerView {
  const { version: _, user: __, ...view } = containerRecord({ state: 'RUNNING', startedAt: '2' });
  return { ...view, ...over };
}

export function containerStats(over: Partial<ContainerStats> = {}): ContainerStats {
  return {
    container: containerView(),
    at: '1000',
    usage: usage(),
    writableLayer: { at: '900', bytes: 4096n, inodes: 1n },
    details: { openFiles: 3n, sockets: 0n, maxOpenFiles: 1024n },
    ...over,
  };
}

export function sandboxStats(over: Partial<SandboxStats> = {}): SandboxStats {
  return {
    sandbox: sandboxView(),
    at: '1000',
    usage: usage(),
    network: [
      {
        name: 'eth0',
        rxBytes: 1,
        rxPackets: 2,
        rxErrors: 3,
        rxDropped: 4,
        txBytes: 5,
        txPackets: 6,
        txErrors: 7,
        txDropped: 8,
      },
    ],
    containers: [containerStats()],
    scratch: { mountpoint: '/var/lib', bytes: 10n, inodes: 20n, freeInodes: 15n },
    ...over,
  };
}
