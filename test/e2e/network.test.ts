import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { call, connectCri } from './harness/cri.ts';
import type { Pod } from './harness/crictl.ts';
import { vmmOf } from './harness/leftovers.ts';
import { makeOutside, node, nodePeer, OUTSIDE, peerContainer, type Server } from './harness/network.ts';
import { BUSYBOX, NETPEER, NGINX } from './harness/settings.ts';
import { useWorld } from './harness/suite.ts';

const PORT = 7000;
const NODE_PORT = 7001;
const GATEWAY = { four: '10.88.0.1', six: 'fd00:a3:b0c5::1' };
const MIB = 1024 * 1024;
const MTU = 1500;
/** More than the 256 that the queue of a card holds. */
const FRAMES = 400;
const TRANSFERS = [
  ['IPv4', GATEWAY.four, 64 * 1024],
  ['IPv4', GATEWAY.four, 100 * MIB],
  ['IPv6', GATEWAY.six, 64 * 1024],
  ['IPv6', GATEWAY.six, 8 * MIB],
] as const;
const TRANSFERRED = TRANSFERS.reduce((sum, [, , size]) => sum + size, 0);

describe('pod network', () => {
  const world = useWorld([BUSYBOX, NGINX], 'default');
  let web: Pod;
  let client: Pod;
  let ip4 = '';
  let ip6 = '';
  /** A container of each pod to run commands in. */
  let inWeb = '';
  let inClient = '';
  const servers: Server[] = [];

  before(async () => {
    const { crictl } = world();
    [web, client] = await Promise.all([crictl.runPod('web', { hostname: 'web' }), crictl.runPod('client')]);
    [ip4 = '', ip6 = ''] = await crictl.podIps(web);
    await crictl.start(web, { name: 'nginx', image: NGINX, command: [] });
    inWeb = await crictl.start(web, await peerContainer('peer', PORT));
    inClient = await crictl.start(client, await peerContainer('client'));
    servers.push(await makeOutside());
    servers.push(await nodePeer(NODE_PORT), await nodePeer(NODE_PORT, OUTSIDE.netns));
  });
  after(async () => {
    for (const server of servers.toReversed()) await server.stop();
  });

  const peer = (id: string, ...args: readonly string[]) => world().crictl.exec(id, '/netpeer/netpeer', ...args);

  it('has one address per family, shown by CRI and by the pod itself', async () => {
    const { crictl } = world();
    assert.match(ip4, /^10\.88\./);
    assert.match(ip6, /^fd00:a3:b0c5::/);
    const shown = await crictl.exec(inWeb, 'ip', 'address', 'show', 'dev', 'eth0');
    assert.ok(shown.includes(`inet ${ip4}/16`) && shown.includes(`inet6 ${ip6}/64`), shown);
    assert.match(await crictl.exec(inWeb, 'ip', 'address', 'show', 'dev', 'lo'), /inet 127\.0\.0\.1\/8/);
    const hosts = await crictl.exec(inWeb, 'cat', '/etc/hosts');
    assert.ok(hosts.includes(`${ip4}\tweb\n`) && hosts.includes(`${ip6}\tweb`), hosts);
  });

  it('node → pod: nginx answers', async () => {
    const answer = await node('curl', '-sS', '--retry', '5', '--retry-connrefused', '-m', '60', `http://${ip4}:80/`);
    assert.match(answer, /Welcome to nginx/);
  });

  for (const [what, family] of [
    ['IPv4', 'four'],
    ['IPv6', 'six'],
  ] as const) {
    const own = (): string => (family === 'four' ? ip4 : ip6);
    const outside = family === 'four' ? OUTSIDE.address4 : OUTSIDE.address6;

    it(`${what}: node ↔ pod, pod ↔ pod, pod → outside by TCP and UDP`, async () => {
      const port = String(PORT);
      await node(NETPEER, 'put', own(), port, String(64 * 1024));
      assert.equal(await node(NETPEER, 'udp', own(), port, 'ping'), 'ping');
      await peer(inClient, 'put', GATEWAY[family], String(NODE_PORT), String(64 * 1024));
      assert.equal(await peer(inClient, 'udp', GATEWAY[family], String(NODE_PORT), 'node'), 'node');
      await peer(inClient, 'get', own(), port, String(64 * 1024));
      assert.equal(await peer(inClient, 'udp', own(), port, 'pod'), 'pod');
      await peer(inClient, 'get', outside, String(NODE_PORT), String(64 * 1024));
      assert.equal(await peer(inClient, 'udp', outside, String(NODE_PORT), 'outside'), 'outside');
    });
  }

  /** Runs it in the client's pod with `$packets`, which prints how many packets its card has had in this direction. */
  const shell = (direction: 'rx' | 'tx', script: string): Promise<string> => {
    const packets = `packets='cat /sys/class/net/eth0/statistics/${direction}_packets'`;
    return world().crictl.exec(inClient, 'sh', '-c', `${packets}; ${script}`);
  };
  /**
   * Fewer packets than the wire would need, so some were larger: that can only be TSO, each way; and virtio-net has no TSO without
   * checksum offload (virtio 1.2, section 5.1.3.1). How much larger is TCP's choice: little where a round trip takes milliseconds.
   */
  const assertSegmented = (bytes: number, packets: number, what: string): void =>
    assert.ok(packets > 0 && packets < bytes / MTU, `${what}: ${packets} packets`);

  for (const [family, gateway, size] of TRANSFERS) {
    // a short one ends before its window has opened
    const segmented = size > MIB;
    it(`${family}: ${size} bytes arrive intact, both ways${segmented ? ', in packets larger than the MTU' : ''}`, async () => {
      const file = randomBytes(size);
      const digest = createHash('md5').update(file).digest('hex');
      const download = createServer((socket) => socket.on('error', () => undefined).end(file));
      const down = `nc ${gateway} ${await portOf(download)} </dev/null >/tmp/file`;
      const fetched = await shell('rx', `a=$($packets); ${down}; echo $(($($packets) - a)); md5sum </tmp/file`);
      download.close();
      const [received = '', sum] = fetched.split(/\s+/);
      assert.equal(sum, digest, 'to the pod');
      const upload = createServer();
      const up = `nc ${gateway} ${await portOf(upload)} </tmp/file`;
      const arrived = new Promise<string>((resolve, reject) => {
        upload.once('connection', (socket) => {
          const hash = createHash('md5');
          socket.on('data', (chunk) => hash.update(chunk));
          socket.once('error', reject);
          socket.once('end', () => {
            socket.end();
            resolve(hash.digest('hex'));
          });
        });
      });
      const sent = await shell('tx', `a=$($packets); ${up}; echo $(($($packets) - a))`);
      assert.equal(await arrived, digest, 'from the pod');
      upload.close();
      if (!segmented) return;
      assertSegmented(size, Number(received), 'to the pod');
      assertSegmented(size, Number(sent), 'from the pod');
    });
  }

  it('whoever answers within 4 ms is near: a round trip to a VM takes longer than one to a host', async () => {
    assert.equal(await world().crictl.exec(inClient, 'cat', '/proc/sys/net/ipv4/tcp_tso_rtt_log'), '12');
  });

  it('ping needs NET_RAW: the default has it, a container without it does not', async () => {
    const { crictl } = world();
    await crictl.exec(inClient, 'ping', '-c', '1', '-W', '20', ip4);
    await crictl.exec(inClient, 'ping', '-c', '1', '-W', '20', ip6);
    const dropped = { linux: { security_context: { capabilities: { drop_capabilities: ['NET_RAW'] } } } };
    const id = await crictl.start(client, { name: 'no-raw', command: ['sleep', '1000'], config: dropped });
    const refused = await crictl.exec(id, 'sh', '-c', `ping -c 1 -W 20 ${ip4} 2>&1 || true`);
    assert.match(refused, /permission denied/);
  });

  it('the statistics of its interface count what it received and sent', async () => {
    const { runtime, close } = connectCri(world().folders.socket);
    const { stats } = await call(runtime.podSandboxStats.bind(runtime), { podSandboxId: client.id });
    close();
    const { defaultInterface: eth0, interfaces } = stats?.linux?.network ?? {};
    assert.deepEqual([eth0?.name, eth0?.rxErrors?.value, eth0?.txErrors?.value, interfaces], ['eth0', '0', '0', []]);
    for (const bytes of [eth0?.rxBytes, eth0?.txBytes]) {
      assert.ok(
        Number(bytes?.value) > TRANSFERRED && Number(bytes?.value) < 1.2 * TRANSFERRED,
        `${bytes?.value} bytes`,
      );
    }
  });

  it('a card whose tap was down for more frames than its queue holds sends again once it is up', async () => {
    const { crictl, folders } = world();
    const inside = ['-t', String(await vmmOf(folders, client.id)), '-n', 'ip', 'link', 'set', 'tap0'];
    await crictl.exec(inClient, 'ping', '-c', '1', '-W', '20', GATEWAY.four);
    await node('nsenter', ...inside, 'down');
    const lost = await shell(
      'tx',
      `a=$($packets); ping -q -c ${FRAMES} -i 0.01 -W 1 ${GATEWAY.four}; echo $(($($packets) - a))`,
    );
    await node('nsenter', ...inside, 'up');
    assert.match(lost, /, 100% packet loss/);
    assert.ok(Number(lost.split('\n').at(-1)) >= FRAMES, lost);
    await crictl.exec(inClient, 'ping', '-c', '5', '-W', '20', GATEWAY.four);
  });
});

async function portOf(server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, '::');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}
