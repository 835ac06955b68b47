import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sandboxConfig } from '../../../testing/configs.ts';
import type { SandboxConfig } from '../../model.ts';
import { invocationFor } from './invocation.ts';
import { parseNetworkList } from './network-list.ts';
import { executionConfig } from './operations.ts';

const ID = 'ab'.repeat(32);
const invocation = (over: Partial<SandboxConfig> = {}) =>
  invocationFor(ID, '/run/netns/x', 'eth0', sandboxConfig(over));

describe('what a pod tells CNI plugins', () => {
  it('who it is, as CNI_ARGS', () => {
    const metadata = { name: 'web', namespace: 'prod', uid: 'u-1', attempt: 2 };
    assert.equal(
      invocation({ metadata }).args,
      `IgnoreUnknown=1;K8S_POD_NAMESPACE=prod;K8S_POD_NAME=web;K8S_POD_INFRA_CONTAINER_ID=${ID};K8S_POD_UID=u-1`,
    );
    assert.throws(() => invocation({ metadata: { ...metadata, name: 'a;K8S_POD_NAME=b' } }), /K8S_POD_NAME/);
  });

  it('host ports; a mapping without one is no host port', () => {
    const { capabilityArgs } = invocation({
      portMappings: [
        { protocol: 'TCP', containerPort: 80, hostPort: 8080, hostIp: '' },
        { protocol: 'UDP', containerPort: 53, hostPort: 53, hostIp: '10.0.0.1' },
        { protocol: 'TCP', containerPort: 81, hostPort: 0, hostIp: '' },
      ],
    });
    assert.deepEqual(capabilityArgs['portMappings'], [
      { hostPort: 8080, containerPort: 80, protocol: 'tcp', hostIP: '' },
      { hostPort: 53, containerPort: 53, protocol: 'udp', hostIP: '10.0.0.1' },
    ]);
  });

  it('bandwidth, dns, wanted addresses', () => {
    const dns = { servers: ['10.0.0.10'], searches: ['x'], options: [] };
    const annotations = {
      'kubernetes.io/ingress-bandwidth': '10M',
      'kubernetes.io/egress-bandwidth': '3M',
      'box.a3s.dev/pod-ips': '10.88.0.77/16, fd00::7/64',
      'box.a3s.dev/pod-mac': '02:00:00:00:00:0A',
    };
    const { capabilityArgs } = invocation({ dns, annotations });
    assert.deepEqual(capabilityArgs, {
      bandwidth: {
        ingressRate: 10_000_000,
        ingressBurst: 0xffff_ffff,
        egressRate: 3_000_000,
        egressBurst: 0xffff_ffff,
      },
      dns,
      ips: ['10.88.0.77/16', 'fd00::7/64'],
      mac: '02:00:00:00:00:0a',
      'io.kubernetes.cri.pod-annotations': annotations,
    });
  });

  for (const [key, value] of [
    ['kubernetes.io/egress-bandwidth', '10 Mbit'],
    ['kubernetes.io/egress-bandwidth', '1'],
    ['kubernetes.io/ingress-bandwidth', '2P'],
    ['box.a3s.dev/pod-ips', '10.88.0.77'],
    ['box.a3s.dev/pod-ips', '10.88.0.77/33'],
    ['box.a3s.dev/pod-mac', '02:00'],
  ] as const) {
    it(`refuses ${key}: ${value}, naming it`, () => {
      assert.throws(() => invocation({ annotations: { [key]: value } }), {
        reason: 'INVALID_REQUEST',
        message: new RegExp(key),
      });
    });
  }

  it('a plugin gets what it declares and nothing else', () => {
    const list = parseNetworkList(
      JSON.stringify({
        cniVersion: '1.0.0',
        name: 'net',
        plugins: [
          { type: 'portmap', snat: true, capabilities: { portMappings: true, dns: false } },
          { type: 'bridge' },
        ],
      }),
      '/a.conflist',
    );
    const portMappings = [{ protocol: 'SCTP' as const, containerPort: 1, hostPort: 2, hostIp: '' }];
    const told = invocation({ portMappings, dns: { servers: ['1.1.1.1'], searches: [], options: [] } });
    const [portmap, bridge] = list.plugins.map((plugin) => executionConfig(list, plugin, told));
    assert.deepEqual(portmap, {
      type: 'portmap',
      snat: true,
      name: 'net',
      cniVersion: '1.0.0',
      runtimeConfig: { portMappings: [{ hostPort: 2, containerPort: 1, protocol: 'sctp', hostIP: '' }] },
    });
    assert.deepEqual(bridge, { type: 'bridge', name: 'net', cniVersion: '1.0.0' });
  });
});
