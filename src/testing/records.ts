/** Records for tests: of a sandbox that is READY, and of a container that was just created. */
import { boxConfig } from '../runtime/box-config.ts';
import type { ContainerRecord } from '../runtime/container/container-record.ts';
import type { SandboxRecord } from '../runtime/sandbox/sandbox-record.ts';
import { containerConfig, sandboxConfig } from './configs.ts';

export function containerRecord(over: Partial<ContainerRecord> = {}): ContainerRecord {
  return {
    version: 1,
    id: 'c1',
    sandboxId: 's1',
    config: containerConfig(),
    imageId: 'sha256:1',
    imageName: 'busybox',
    state: 'CREATED',
    createdAt: '1',
    startedAt: '0',
    finishedAt: '0',
    exitCode: 0,
    reason: '',
    message: '',
    logPath: '',
    stopSignal: 'SIGTERM',
    volumeImages: {},
    ...over,
  };
}

export function sandboxRecord(over: Partial<SandboxRecord> = {}): SandboxRecord {
  const config = sandboxConfig();
  const eth0 = { name: 'eth0', tap: 'tap0', mac: '02:00:00:00:00:01', mtu: 1500, addresses: ['10.88.0.2/16'] };
  return {
    version: 1,
    id: 's1',
    config,
    handler: '',
    state: 'READY',
    reason: '',
    createdAt: '1',
    box: boxConfig(config, 's1', { vcpus: 1, memoryMiB: 256, scratchBytes: 0 }),
    network: {
      netns: '/run/netns/s1',
      network: 'test',
      ips: ['10.88.0.2'],
      interfaces: [{ ...eth0, routes: [], neighbours: [] }],
      timings: { add: 0, join: 0 },
      dns: { servers: [], searches: [], options: [] },
    },
    bootTimings: { spawn: 0, ffi: 0, startEnter: 0, kernel: 0, init: 0, ready: 0 },
    guest: { kernelRelease: '', agentVersion: '' },
    ...over,
  };
}
