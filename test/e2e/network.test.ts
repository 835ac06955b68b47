import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { readStats } from '../../src/runtime/network/netns-view.ts';
import { sandboxPaths } from '../../src/runtime/paths.ts';
import type { Pod } from './harness/crictl.ts';
import { makeOutside, node, nodePeer, OUTSIDE, peerContainer, type Server } from './harness/network.ts';
import { BUSYBOX, NETPEER, NGINX } from './harness/settings.ts';
import { useWorld } from './harness/suite.ts';

const PORT = 7000;
const NODE_PORT = 7001;
const GATEWAY = { four: '10.88.0.1', six: 'fd00:a3:b0c5::1' };
const MIB = 1024 * 1024;

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

  it('64 KiB and 100 MB arrive intact, both ways', async () => {
    const { crictl } = world();
    for (const size of [64 * 1024, 100 * MIB]) {
      const file = randomBytes(size);
      const digest = createHash('md5').update(file).digest('hex');
      const download = createServer((socket) => socket.on('error', () => undefined).end(file));
      const down = await portOf(download);
      const fetched = await crictl.exec(
        inClient,
        'sh',
        '-c',
        `nc ${GATEWAY.four} ${down} </dev/null >/tmp/file; md5sum </tmp/file`,
      );
      download.close();
      assert.equal(fetched.split(' ')[0], digest, `${size} bytes to the pod`);
      const upload = createServer();
      const up = await portOf(upload);
      const received = new Promise<string>((resolve, reject) => {
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
      await crictl.exec(inClient, 'sh', '-c', `nc ${GATEWAY.four} ${up} </tmp/file`);
      assert.equal(await received, digest, `${size} bytes from the pod`);
      upload.close();
    }
  });

  it('ping needs NET_RAW: the default has it, a container without it does not', async () => {
    const { crictl } = world();
    await crictl.exec(inClient, 'ping', '-c', '1', '-W', '20', ip4);
    await crictl.exec(inClient, 'ping', '-c', '1', '-W', '20', ip6);
    const dropped = { linux: { security_context: { capabilities: { drop_capabilities: ['NET_RAW'] } } } };
    const id = await crictl.start(client, { name: 'no-raw', command: ['sleep', '1000'], config: dropped });
    assert.match(await crictl.fails('exec', '-s', id, 'ping', '-c', '1', '-W', '20', ip4), /not permitted|exit/);
  });

  it('the counters of its interface say what it received and sent', async () => {
    const { folders } = world();
    const [eth0, ...others] = await readStats(sandboxPaths(folders.root, folders.state, client.id).netnsName);
    assert.deepEqual(others, []);
    assert.ok(eth0 !== undefined && eth0.rxBytes > 100 * MIB && eth0.txBytes > 100 * MIB, JSON.stringify(eth0));
  });
});

async function portOf(server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, '::');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}
