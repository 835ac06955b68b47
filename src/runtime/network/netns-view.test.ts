import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseInterfaces, parseStats } from './netns-view.ts';

const link = (ifname: string, over: object = {}): object => ({
  ifname,
  link_type: 'ether',
  mtu: 1500,
  flags: ['BROADCAST', 'UP'],
  address: '02:00:00:00:00:01',
  addr_info: [],
  ...over,
});
const batch = (links: object[], routes: object[] = [], neighbours: object[] = []): string =>
  [links, routes, neighbours].map((part) => JSON.stringify(part)).join('\n');

describe('what CNI made in a namespace', () => {
  it('eth0 comes first; loopback, taps and what is down are not the pod’s', () => {
    const links = [
      link('lo', { link_type: 'loopback' }),
      link('net1'),
      link('gretap0', { flags: ['BROADCAST'] }),
      link('tap0', { linkinfo: { info_kind: 'tun' } }),
      link('eth0', { linkinfo: { info_kind: 'veth' }, mtu: 1400 }),
    ];
    const found = parseInterfaces(batch(links), '[]', 'ns');
    assert.deepEqual(
      found.map(({ name, mtu }) => [name, mtu]),
      [
        ['eth0', 1400],
        ['net1', 1500],
      ],
    );
  });

  it('addresses, routes and neighbours of both families; what the kernel makes itself is left out', () => {
    const addr_info = [
      { family: 'inet', local: '10.0.0.2', prefixlen: 24, scope: 'global' },
      { family: 'inet6', local: 'fd00::2', prefixlen: 64, scope: 'global' },
      { family: 'inet6', local: 'fe80::1', prefixlen: 64, scope: 'link' },
    ];
    const routes = [
      { type: 'unicast', dst: 'default', gateway: '169.254.1.1', dev: 'eth0', flags: ['onlink'] },
      { type: 'unicast', dst: '169.254.1.1', dev: 'eth0', scope: 'link', flags: [] },
    ];
    const routes6 = JSON.stringify([
      { dst: 'fe80::/64', dev: 'eth0', metric: 256 },
      { dst: 'default', dev: 'eth0', metric: 1024 },
      { dst: 'fd00::9', dev: 'eth0', metric: 1024 },
      { type: 'unreachable', dst: 'fe80::/64', dev: 'lo', protocol: 'kernel', metric: 256 },
    ]);
    const neighbours = [{ dst: '169.254.1.1', dev: 'eth0', lladdr: 'ee:ee:ee:ee:ee:ee', state: ['PERMANENT'] }];
    const [eth0] = parseInterfaces(batch([link('eth0', { addr_info })], routes, neighbours), routes6, 'ns');
    assert.deepEqual(eth0?.addresses, ['10.0.0.2/24', 'fd00::2/64']);
    assert.deepEqual(eth0?.routes, [
      { destination: '0.0.0.0/0', gateway: '169.254.1.1', source: '', metric: 0, onlink: true },
      { destination: '169.254.1.1/32', gateway: '', source: '', metric: 0, onlink: false },
      { destination: '::/0', gateway: '', source: '', metric: 1024, onlink: false },
      { destination: 'fd00::9/128', gateway: '', source: '', metric: 1024, onlink: false },
    ]);
    assert.deepEqual(eth0?.neighbours, [{ address: '169.254.1.1', mac: 'ee:ee:ee:ee:ee:ee' }]);
  });

  it('what cannot be carried over is refused, not left out', () => {
    const via = [{ dst: 'default', dev: 'eth0', via: { family: 'inet6', host: 'fe80::1' } }];
    assert.throws(() => parseInterfaces(batch([link('eth0')], via), '[]', 'ns'), /other address family/);
    assert.throws(() => parseInterfaces('garbage', '[]', 'ns'), /ns/);
  });

  // as iproute2 6.1 prints them
  const MULTIPATH =
    '{"type":"unicast","dst":"10.9.0.0/16","protocol":"boot","scope":"global","flags":[],"nexthops":[{"gateway":"10.0.0.1","dev":"eth0","weight":1,"flags":[]},{"gateway":"10.1.0.1","dev":"eth1","weight":2,"flags":[]}]}';
  const GROUP =
    '{"type":"unicast","dst":"10.10.0.0/16","nhid":3,"protocol":"boot","scope":"global","flags":[],"nh_info":{"id":3,"group":[{"id":1},{"id":2}],"scope":"global","protocol":"unspec","flags":[]},"nexthops":[{"gateway":"10.0.0.1","dev":"eth0","weight":1,"flags":[]},{"gateway":"10.1.0.1","dev":"eth1","weight":1,"flags":[]}]}';
  const MULTIPATH6 =
    '{"dst":"fd09::/32","metric":1024,"flags":[],"pref":"medium","nexthops":[{"gateway":"fd00::1","dev":"eth0","weight":1,"flags":[]},{"gateway":"fd01::1","dev":"eth1","weight":1,"flags":[]}]}';
  const links = JSON.stringify([link('eth0')]);

  it('a route of several next hops is refused if one of them is on an interface of the pod', () => {
    for (const [route, destination] of [
      [MULTIPATH, '10.9.0.0/16'],
      [GROUP, '10.10.0.0/16'],
    ] as const) {
      assert.throws(() => parseInterfaces(`${links}\n[${route}]\n[]`, '[]', 'ns'), {
        reason: 'NETWORK_FAILED',
        message: `route ${destination} has several next hops: a VM cannot be given it`,
      });
    }
    assert.throws(() => parseInterfaces(`${links}\n[]\n[]`, `[${MULTIPATH6}]`, 'ns'), /fd09::\/32 has several/);
    const others = JSON.stringify([link('net1')]);
    assert.deepEqual(parseInterfaces(`${others}\n[${MULTIPATH}]\n[]`, '[]', 'ns')[0]?.routes, []);
  });

  it('a route that drops or refuses packets is refused', () => {
    for (const type of ['blackhole', 'unreachable', 'prohibit', 'throw']) {
      const v4 = `{"type":"${type}","dst":"10.20.0.0/16","protocol":"boot","scope":"global","flags":[]}`;
      const v6 = `{"type":"${type}","dst":"fd20::/32","dev":"lo","metric":1024,"flags":[],"pref":"medium"}`;
      assert.throws(() => parseInterfaces(`${links}\n[${v4}]\n[]`, '[]', 'ns'), {
        reason: 'NETWORK_FAILED',
        message: `route 10.20.0.0/16 is of type ${type}: a VM cannot be given it`,
      });
      assert.throws(
        () => parseInterfaces(`${links}\n[]\n[]`, `[${v6}]`, 'ns'),
        new RegExp(`fd20::/32 is of type ${type}`),
      );
    }
  });

  it('each counter of an interface is where it belongs', () => {
    // as iproute2 6.1 prints it
    const stats =
      '"stats64":{"rx":{"bytes":1001,"packets":1002,"errors":1003,"dropped":1004,"over_errors":1005,"multicast":1006},"tx":{"bytes":2001,"packets":2002,"errors":2003,"dropped":2004,"carrier_errors":2005,"collisions":2006}}';
    const eth0 = `{"ifindex":3,"link":"p","ifname":"eth0","flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"mtu":1500,"qdisc":"noqueue","operstate":"UP","linkmode":"DEFAULT","group":"default","txqlen":1000,"link_type":"ether","address":"6a:9c:3b:ce:70:7c","broadcast":"ff:ff:ff:ff:ff:ff","promiscuity":0,"allmulti":0,"min_mtu":68,"max_mtu":65535,"linkinfo":{"info_kind":"veth"},"inet6_addr_gen_mode":"eui64","num_tx_queues":2,"num_rx_queues":2,${stats}}`;
    const lo = `{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP","LOWER_UP"],"mtu":65536,"link_type":"loopback",${stats}}`;
    assert.deepEqual(parseStats(`[${lo},${eth0}]`, 'ns'), [
      {
        name: 'eth0',
        rxBytes: 1001,
        rxPackets: 1002,
        rxErrors: 1003,
        rxDropped: 1004,
        txBytes: 2001,
        txPackets: 2002,
        txErrors: 2003,
        txDropped: 2004,
      },
    ]);
  });
});
