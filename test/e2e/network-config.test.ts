import assert from 'node:assert/strict';
import { appendFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, before, describe, it } from 'node:test';
import { z } from 'zod';
import { AttachmentStore } from '../../src/runtime/network/attachment-store.ts';
import { call, connectCri } from './harness/cri.ts';
import { type Pod, until } from './harness/crictl.ts';
import { leftovers } from './harness/leftovers.ts';
import { node, peerContainer } from './harness/network.ts';
import { run } from './harness/run.ts';
import { BUSYBOX, NETPEER } from './harness/settings.ts';
import { useWorld, type World } from './harness/suite.ts';

const PORT = 7000;
const infoSchema = z.object({
  status: z.object({
    conditions: z.array(z.object({ type: z.string(), status: z.boolean(), reason: z.string(), message: z.string() })),
  }),
});

describe('pod network: configurations and plugins', () => {
  const world = useWorld([BUSYBOX], 'default');
  const scripts = (): string => join(world().folders.base, 'plugins');

  before(async () => {
    const { folders, daemon } = world();
    await mkdir(scripts());
    await appendFile(folders.configFile, `cni_bin_dirs = ["${scripts()}", "/usr/lib/cni"]\ncni_timeout = "60s"\n`);
    assert.equal(await daemon.stop(), 0);
    await world().restart();
  });
  afterEach(async () => {
    const { folders, daemon } = world();
    for (const name of await readdir(folders.cniConfig)) await rm(join(folders.cniConfig, name));
    assert.deepEqual(await leftovers(folders), [], daemon.log());
  });

  const configure = (name: string, content: unknown): Promise<void> =>
    writeFile(join(world().folders.cniConfig, name), typeof content === 'string' ? content : JSON.stringify(content));
  const script = (name: string, body: string): Promise<void> =>
    writeFile(join(scripts(), name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  const networkReady = async () => {
    const { status } = infoSchema.parse(JSON.parse(await world().crictl.ok('info')));
    const found = status.conditions.find(({ type }) => type === 'NetworkReady');
    assert.ok(found !== undefined);
    return found;
  };
  /** Of what the plugins answered: their result is in the version they were asked in. */
  const cniVersion = async ({ id }: Pod): Promise<unknown> =>
    (await new AttachmentStore(world().folders.root).read(id))?.result?.['cniVersion'];

  it('one that is added while the daemon runs (a list of CNI 0.4.0) is the next pod’s: MTU 1400, dns_config, sysctls of the interface', async () => {
    const { crictl } = world();
    assert.equal((await networkReady()).status, true);
    await configure('10-mine.conflist', { ...bridge(world(), { mtu: 1400 }), cniVersion: '0.4.0' });
    const pod = await crictl.runPod('mine', {
      dns_config: { servers: ['10.96.0.10'], searches: ['svc.cluster.local'], options: ['ndots:5'] },
      linux: { sysctls: { 'net.ipv4.conf.eth0.rp_filter': '2', 'net.ipv4.ip_unprivileged_port_start': '0' } },
    });
    assert.equal(await cniVersion(pod), '0.4.0');
    const [ip = '', ...others] = await crictl.podIps(pod);
    assert.match(ip, /^10\.99\./);
    assert.deepEqual(others, []);
    const id = await crictl.start(pod, await peerContainer('peer', PORT));
    assert.equal(await crictl.exec(id, 'cat', '/sys/class/net/eth0/mtu'), '1400');
    assert.equal(
      await crictl.exec(id, 'cat', '/etc/resolv.conf'),
      'nameserver 10.96.0.10\nsearch svc.cluster.local\noptions ndots:5',
    );
    assert.equal(await crictl.exec(id, 'cat', '/proc/sys/net/ipv4/conf/eth0/rp_filter'), '2');
    assert.equal(await crictl.exec(id, 'cat', '/proc/sys/net/ipv4/ip_unprivileged_port_start'), '0');
    await node(NETPEER, 'put', ip, String(PORT), '2000000');
    await node(NETPEER, 'get', ip, String(PORT), '2000000');
    // 1372 + ICMP and IP headers is exactly the MTU
    await crictl.exec(id, 'ping', '-c', '1', '-W', '20', '-s', '1372', '10.99.0.1');
    const [most, more] = ['x'.repeat(1372), 'x'.repeat(1373)];
    assert.equal(await node(NETPEER, 'udp', ip, String(PORT), most), most);
    assert.match((await run(NETPEER, ['udp', ip, String(PORT), more])).stderr, /Message too long/);
    const answer = ['/netpeer/netpeer', 'udp', '10.99.0.1', String(PORT), more];
    assert.match(await crictl.fails('exec', '-s', id, ...answer), /Message too long/);
    await crictl.removePod(pod);
  });

  it('a second interface of the pod is one in the VM', async () => {
    const { crictl, folders } = world();
    const ptp = {
      cniVersion: '1.0.0',
      name: 'more',
      type: 'ptp',
      ipam: { type: 'host-local', dataDir: join(folders.base, 'ipam'), subnet: '10.98.0.0/16' },
    };
    // the real ptp under another interface name, as Multus calls its delegates
    await script(
      'more',
      `config=$(cat); echo '${JSON.stringify(ptp)}' | CNI_IFNAME=net1 /usr/lib/cni/ptp >/dev/null || exit 1; [ $CNI_COMMAND != ADD ] || printf '%s' "$config" | sed 's/.*"prevResult"://; s/}$//'`,
    );
    const { plugins, ...list } = bridge(world());
    await configure('10-two.conflist', { ...list, plugins: [...plugins, { type: 'more' }] });
    const pod = await crictl.runPod('two');
    const id = await crictl.start(pod, await peerContainer('peer', PORT));
    const shown = await crictl.exec(id, 'ip', '-o', '-4', 'address');
    assert.match(shown, /eth0 +inet 10\.99\./);
    const [, second = ''] = /net1 +inet (10\.98\.\d+\.\d+)\//.exec(shown) ?? [];
    await node(NETPEER, 'put', second, String(PORT), '100000');
    const { runtime, close } = connectCri(folders.socket);
    const { stats } = await call(runtime.podSandboxStats.bind(runtime), { podSandboxId: pod.id });
    close();
    const { defaultInterface, interfaces: [net1, ...others] = [] } = stats?.linux?.network ?? {};
    assert.deepEqual([defaultInterface?.name, net1?.name, others], ['eth0', 'net1', []]);
    const [first, more] = [Number(defaultInterface?.rxBytes?.value), Number(net1?.rxBytes?.value)];
    assert.ok(first < 100_000 && more >= 100_000, `${first} and ${more} bytes`);
    await crictl.removePod(pod);
  });

  it('what CNI makes is the guest’s: the wanted address and MAC, a second address, a permanent neighbour, a gateway that no route leads to', async () => {
    const { crictl } = world();
    const [wanted, mac, second, gateway] = ['10.99.0.77', '02:00:00:00:aa:77', '10.97.0.5', '169.254.1.1'];
    const neighbour = `${gateway} dev eth0 lladdr ee:ee:ee:ee:ee:ee`;
    const made = [
      `ip address add ${second}/24 dev eth0`,
      `ip neighbour add ${neighbour} nud permanent`,
      `ip route add 10.96.0.0/16 via ${gateway} dev eth0 onlink`,
    ];
    const told = String.raw`s/.*"prevResult"://; s/}$//; s|"ips":\[\([^]]*\)\]|"ips":[\1,{"address":"${second}/24"}]|`;
    await script(
      'more',
      `config=$(cat); [ $CNI_COMMAND = ADD ] || exit 0; nsenter --net=$CNI_NETNS sh -ec '${made.join('; ')}'; printf '%s' "$config" | sed '${told}'`,
    );
    const { plugins, ...list } = bridge(world(), { capabilities: { ips: true, mac: true } });
    await configure('10-made.conflist', { ...list, plugins: [...plugins, { type: 'more' }] });
    const annotations = { 'box.a3s.dev/pod-ips': `${wanted}/16`, 'box.a3s.dev/pod-mac': mac };
    const pod = await crictl.runPod('made', { annotations });
    assert.deepEqual(await crictl.podIps(pod), [wanted, second]);
    const id = await crictl.start(pod, await peerContainer('peer', PORT));
    assert.equal(await crictl.exec(id, 'cat', '/sys/class/net/eth0/address'), mac);
    const addresses = await crictl.exec(id, 'ip', '-o', '-4', 'address', 'show', 'dev', 'eth0');
    assert.ok(addresses.includes(`inet ${wanted}/16`) && addresses.includes(`inet ${second}/24`), addresses);
    assert.match(await crictl.exec(id, 'ip', 'route'), /^10\.96\.0\.0\/16 via 169\.254\.1\.1 dev eth0 +onlink *$/m);
    assert.match(await crictl.exec(id, 'ip', 'neigh'), new RegExp(`^${neighbour}.* PERMANENT`, 'm'));
    await node(NETPEER, 'put', wanted, String(PORT), '100000');
    await crictl.removePod(pod);
  });

  it('a running pod keeps its network (a single plugin of CNI 0.3.1) over a daemon’s death and a new configuration', async () => {
    const { crictl } = world();
    const { plugins, ...list } = bridge(world());
    await configure('10-mine.conf', { ...list, ...plugins[0], cniVersion: '0.3.1' });
    const pod = await crictl.runPod('survivor');
    assert.equal(await cniVersion(pod), '0.3.1');
    const before = await crictl.podIps(pod);
    const [ip = ''] = before;
    await crictl.start(pod, await peerContainer('peer', PORT));
    await world().daemon.kill();
    await configure('05-other.conflist', { ...bridge(world()), name: 'other' });
    await world().restart();
    assert.deepEqual(await crictl.podIps(pod), before);
    await node(NETPEER, 'put', ip, String(PORT), '100000');
    await crictl.removePod(pod);
  });

  it('a broken one: NetworkReady says which file and why, and no pod is made', async () => {
    const { crictl } = world();
    const said = async (line: RegExp): Promise<void> => {
      await until(`the log says ${line}`, async () => line.test(world().daemon.log()) || undefined);
    };
    await configure('10-broken.conflist', '{"cniVersion": "1.0.0", "name": "broken", "plugins": [');
    // nobody has asked yet
    await said(/10-broken\.conflist cannot be used.*pod network not ready/);
    const { status, message } = await networkReady();
    assert.equal(status, false);
    assert.match(message, /10-broken\.conflist cannot be used/);
    await assert.rejects(crictl.runPod('broken'), /10-broken\.conflist cannot be used/);
    await rm(join(world().folders.cniConfig, '10-broken.conflist'));
    assert.equal((await networkReady()).status, true);
  });

  for (const [what, body, says] of [
    [
      'fails',
      'echo \'{"cniVersion":"1.0.0","code":7,"msg":"no room"}\'; echo trace >&2; exit 1',
      /no room \(code 7\); stderr: trace/,
    ],
    ['prints garbage', 'echo "<html>"', /it printed no result: .*<html>/],
    ['hangs', 'sleep 1000', /did not end in time and was killed/],
  ] as const) {
    it(`a plugin that ${what}: the pod is refused with its words, nothing is left`, async () => {
      const { crictl } = world();
      await script('bad', `cat >/dev/null; [ $CNI_COMMAND = ADD ] || exit 0; ${body}`);
      const { plugins, ...list } = bridge(world());
      await configure('10-bad.conflist', { ...list, plugins: [...plugins, { type: 'bad' }] });
      await assert.rejects(crictl.runPod('bad'), says);
    });
  }

  it('a plugin that hangs holds up no other pod; the daemon is killed meanwhile: the next one releases what was made', async () => {
    const { crictl, folders } = world();
    const mark = join(folders.base, 'hanging');
    await script('hangs', `cat >/dev/null; [ $CNI_COMMAND = ADD ] || exit 0; touch ${mark}; exec sleep 1000`);
    const { plugins, ...list } = bridge(world());
    await configure('10-hangs.conflist', { ...list, plugins: [...plugins, { type: 'hangs' }] });
    let over = false;
    const refused = assert.rejects(crictl.runPod('hangs').finally(() => (over = true)));
    await until('the plugin runs', async () => (await readdir(folders.base)).includes('hanging') || undefined);
    await rm(join(folders.cniConfig, '10-hangs.conflist'));
    await crictl.removePod(await crictl.runPod('beside'));
    assert.equal(over, false);
    await world().daemon.kill();
    await refused;
    assert.notDeepEqual(await leftovers(folders), []);
    await world().restart();
    assert.match(world().daemon.log(), /leftover removed/);
  });
});

function bridge({ folders }: World, over: object = {}): { name: string; cniVersion: string; plugins: object[] } {
  return {
    cniVersion: '1.0.0',
    // the default network's name: its addresses are where `leftovers` looks
    name: 'a3s-box',
    plugins: [
      {
        type: 'bridge',
        bridge: 'a3s1',
        isGateway: true,
        ipam: {
          type: 'host-local',
          dataDir: join(folders.root, 'network', 'ipam'),
          subnet: '10.99.0.0/16',
          routes: [{ dst: '0.0.0.0/0' }],
        },
        ...over,
      },
    ],
  };
}
