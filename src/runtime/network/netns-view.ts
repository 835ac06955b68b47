/** What CNI plugins have made in a network namespace, read from the kernel by `ip -json` (ip-link(8), ip-route(8)). */
import { z } from 'zod';
import { BoxError } from '../../errors.ts';
import { hostCommand } from '../host/host-command.ts';
import type { InterfaceStats, Route } from './pod-network.ts';

/** An interface that is the pod's: every Ethernet interface that is up, but for our own taps. */
export interface FoundInterface {
  readonly name: string;
  readonly mac: string;
  readonly mtu: number;
  readonly addresses: readonly string[];
  readonly routes: readonly Route[];
  readonly neighbours: readonly { readonly address: string; readonly mac: string }[];
}

const linksSchema = z.array(
  z.object({
    ifname: z.string(),
    link_type: z.string(),
    flags: z.array(z.string()),
    mtu: z.number().int(),
    address: z.string().optional(),
    linkinfo: z.object({ info_kind: z.string().optional() }).optional(),
    addr_info: z
      .array(
        z.object({ family: z.string(), local: z.string().optional(), prefixlen: z.number().int(), scope: z.string() }),
      )
      .default([]),
  }),
);
const routesSchema = z.array(
  z.object({
    type: z.string().default('unicast'),
    dst: z.string(),
    gateway: z.string().default(''),
    via: z.unknown().optional(),
    dev: z.string().optional(),
    nexthops: z.array(z.object({ dev: z.string().optional() })).default([]),
    protocol: z.string().default(''),
    prefsrc: z.string().default(''),
    metric: z.number().int().default(0),
    flags: z.array(z.string()).default([]),
  }),
);
type FoundRoute = z.infer<typeof routesSchema>[number] & { readonly v6: boolean };
const neighboursSchema = z.array(z.object({ dst: z.string(), dev: z.string(), lladdr: z.string().optional() }));

const counters = z.object({ bytes: z.number(), packets: z.number(), errors: z.number(), dropped: z.number() });
const statsSchema = z.array(
  z.object({
    ifname: z.string(),
    link_type: z.string(),
    flags: z.array(z.string()),
    linkinfo: z.object({ info_kind: z.string().optional() }).optional(),
    stats64: z.object({ rx: counters, tx: counters }),
  }),
);

/** What a namespace holds, eth0 first, the others in the kernel's order. */
export async function readInterfaces(netnsName: string): Promise<readonly FoundInterface[]> {
  const [batch, routes6] = await Promise.all([
    hostCommand('ip', ['-json', '-details', '-netns', netnsName, '-batch', '-'], {
      input: 'address show\nroute show table main\nneighbour show nud permanent\n',
    }),
    hostCommand('ip', ['-json', '-6', '-netns', netnsName, 'route', 'show', 'table', 'main']),
  ]);
  return parseInterfaces(batch, routes6, netnsName);
}

/** `batch` holds one JSON document per line: addresses, IPv4 routes, neighbours. Pure. */
export function parseInterfaces(batch: string, routes6: string, netnsName: string): readonly FoundInterface[] {
  const [addresses = '', routes4 = '', neighbours = ''] = batch.split('\n');
  const links = parse(linksSchema, addresses, netnsName).filter(isPods);
  const routes = [
    ...parse(routesSchema, routes4, netnsName).map((route) => ({ ...route, v6: false })),
    ...parse(routesSchema, routes6, netnsName).map((route) => ({ ...route, v6: true })),
  ];
  const pods = new Set(links.map(({ ifname }) => ifname));
  for (const route of routes) requireCarried(route, pods);
  const known = parse(neighboursSchema, neighbours, netnsName);
  const found = links.map(({ ifname, mtu, address = '', addr_info }) => ({
    name: ifname,
    mac: address,
    mtu,
    addresses: addr_info
      .filter(({ scope, local }) => scope !== 'link' && local !== undefined)
      .map(({ local, prefixlen }) => `${local}/${prefixlen}`),
    routes: routes
      .filter(({ dev, type }) => dev === ifname && type === 'unicast')
      .map(toRoute)
      .filter(isNotAutomatic),
    neighbours: known
      .filter(({ dev }) => dev === ifname)
      .flatMap(({ dst, lladdr }) => (lladdr === undefined ? [] : [{ address: dst, mac: lladdr }])),
  }));
  return found.toSorted((a, b) => Number(b.name === 'eth0') - Number(a.name === 'eth0'));
}

/** Not up: a tunnel's fallback device (gretap0), which some kernels put into every namespace. */
function isPods({
  link_type,
  linkinfo,
  flags,
}: Pick<z.infer<typeof linksSchema>[number], 'link_type' | 'linkinfo' | 'flags'>) {
  return link_type === 'ether' && linkinfo?.info_kind !== 'tun' && flags.includes('UP');
}

/** NETWORK_FAILED for a route of the pod that guest-init cannot be given: left out, it would let traffic go another way. */
function requireCarried(route: FoundRoute, pods: ReadonlySet<string>): void {
  const obstacle = obstacleOf(route, pods);
  if (obstacle === undefined) return;
  throw new BoxError('NETWORK_FAILED', `route ${route.dst} ${obstacle}: a VM cannot be given it`);
}

function obstacleOf({ type, protocol, dev, nexthops, via }: FoundRoute, pods: ReadonlySet<string>): string | undefined {
  // blackhole and its like, which belong to no interface; some kernels have such routes of their own
  if (type !== 'unicast') return protocol === 'kernel' ? undefined : `is of type ${type}`;
  if (nexthops.some((hop) => isOneOf(pods, hop.dev))) return 'has several next hops';
  if (via !== undefined && isOneOf(pods, dev)) return 'has a gateway of the other address family';
  return undefined;
}

function isOneOf(names: ReadonlySet<string>, name: string | undefined): boolean {
  return name !== undefined && names.has(name);
}

/** `ip` says `default` for both families and leaves out the length of host routes. */
function toRoute({ dst, gateway, prefsrc, metric, flags, v6 }: FoundRoute): Route {
  return { destination: withLength(dst, v6), gateway, source: prefsrc, metric, onlink: flags.includes('onlink') };
}

/** Link-local and multicast routes are the kernel's own, in the guest too. */
function isNotAutomatic({ destination }: Route): boolean {
  return !destination.startsWith('fe80:') && !destination.startsWith('ff00:');
}

function withLength(dst: string, v6: boolean): string {
  if (dst === 'default') return v6 ? '::/0' : '0.0.0.0/0';
  return dst.includes('/') ? dst : `${dst}/${v6 ? 128 : 32}`;
}

/** Counters of the pod's interfaces; what the namespace receives there is what the pod receives. */
export async function readStats(netnsName: string): Promise<readonly InterfaceStats[]> {
  const json = await hostCommand('ip', ['-json', '-details', '-statistics', '-netns', netnsName, 'link', 'show']);
  return parseStats(json, netnsName);
}

/** Pure. */
export function parseStats(json: string, netnsName: string): readonly InterfaceStats[] {
  return parse(statsSchema, json, netnsName)
    .filter(isPods)
    .map(({ ifname, stats64: { rx, tx } }) => ({
      name: ifname,
      rxBytes: rx.bytes,
      rxPackets: rx.packets,
      rxErrors: rx.errors,
      rxDropped: rx.dropped,
      txBytes: tx.bytes,
      txPackets: tx.packets,
      txErrors: tx.errors,
      txDropped: tx.dropped,
    }));
}

function parse<T>(schema: z.ZodType<T>, json: string, netnsName: string): T {
  try {
    return schema.parse(json.trim() === '' ? [] : JSON.parse(json));
  } catch (cause) {
    throw new BoxError(
      'HOST_COMMAND',
      `cannot understand what ip says of network namespace ${netnsName}: ${String(cause)}`,
      {
        cause,
      },
    );
  }
}
