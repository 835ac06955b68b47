import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { makeOutside, node, OUTSIDE, peerContainer, type Server } from './harness/network.ts';
import { BUSYBOX, NETPEER } from './harness/settings.ts';
import { useWorld } from './harness/suite.ts';

const PORT = 7000;
const NAME_PORT = 7080;
const [TCP, UDP, SCTP] = [0, 1, 2];

describe('host ports', () => {
  const world = useWorld([BUSYBOX], 'default');
  let outside: Server;
  let inPod = '';

  before(async () => {
    outside = await makeOutside();
    for (const [name, base, host_ip] of [
      ['left', 8000, ''],
      ['right', 9000, OUTSIDE.node4],
    ] as const) {
      const { crictl } = world();
      const pod = await crictl.runPod(name, {
        hostname: name,
        port_mappings: [
          { protocol: TCP, container_port: NAME_PORT, host_port: base, host_ip },
          { protocol: UDP, container_port: PORT, host_port: base + 1, host_ip },
          { protocol: TCP, container_port: PORT, host_port: base + 2, host_ip },
          { protocol: SCTP, container_port: PORT, host_port: base + 3, host_ip },
        ],
      });
      inPod = await crictl.start(pod, await peerContainer('peer', PORT));
      await crictl.start(pod, { name: 'name', command: ['nc', '-ll', '-p', String(NAME_PORT), '-e', 'hostname'] });
    }
  });
  after(() => outside.stop());

  const fromOutside = (...args: readonly string[]) => node('ip', 'netns', 'exec', OUTSIDE.netns, ...args);

  it('two pods with the same container port are told apart by the host port', async () => {
    const nameAt = (port: number) => fromOutside('bash', '-c', `cat </dev/tcp/${OUTSIDE.node4}/${port}`);
    assert.equal(await nameAt(8000), 'left');
    assert.equal(await nameAt(9000), 'right');
  });

  it('TCP and UDP, IPv4 and IPv6, a whole megabyte', async () => {
    for (const host of [OUTSIDE.node4, OUTSIDE.node6]) {
      await fromOutside(NETPEER, 'put', host, '8002', String(1024 * 1024));
      assert.equal(await fromOutside(NETPEER, 'udp', host, '8001', host), host);
    }
  });

  it('from the node itself by its loopback', async () => {
    assert.equal(await node(NETPEER, 'udp', '127.0.0.1', '8001', 'here'), 'here');
  });

  it('a mapping with a host address answers on that address only', async () => {
    await fromOutside(NETPEER, 'put', OUTSIDE.node4, '9002', '1000');
    await assert.rejects(fromOutside(NETPEER, 'put', OUTSIDE.node6, '9002', '1000'), /refused/);
    await assert.rejects(node(NETPEER, 'put', '127.0.0.1', '9002', '1000'), /refused/);
  });

  it('SCTP: the rule is made; the guest kernel has no SCTP that could answer', async () => {
    assert.match(await node('iptables', '-t', 'nat', '-S'), /-p sctp .*--dport 8003/);
    assert.doesNotMatch(await world().crictl.exec(inPod, 'cat', '/proc/net/protocols'), /SCTP/);
  });

  it('is closed when its pod has gone', async () => {
    const { crictl } = world();
    for (const id of (await crictl.ok('pods', '-q')).split('\n')) await crictl.ok('rmp', '-f', id);
    await assert.rejects(fromOutside(NETPEER, 'put', OUTSIDE.node4, '8002', '1000'), /refused/);
  });
});
