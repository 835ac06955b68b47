/**
 * From a CNI interface to the guest's network card: a tap beside it, and tc redirecting every frame from one to the other.
 *
 * INVARIANT: what arrives at either device is redirected at its ingress, before the namespace's own IP stack sees it. So the
 * addresses that CNI gave its interface may stay there (plugins' CHECK looks for them, ipvlan needs them): only the guest
 * answers ARP, neighbour discovery and everything else.
 */
import { hostCommand } from '../host/host-command.ts';

export interface Pair {
  readonly name: string;
  readonly tap: string;
  readonly mtu: number;
}

/** tc(8): any packet. `matchall` is a kernel module of its own that not every kernel has. */
const MATCH_ALL = 'protocol all u32 match u32 0 0';

/** Makes the taps (persistent, with virtio-net headers as libkrun opens them) and joins each to its interface. */
export async function joinTaps(netnsName: string, pairs: readonly Pair[]): Promise<void> {
  const links = pairs.flatMap(({ tap, mtu }) => [
    `tuntap add dev ${tap} mode tap vnet_hdr`,
    `link set dev ${tap} mtu ${mtu} up`,
  ]);
  await batch('ip', netnsName, links);
  await redirect(netnsName, pairs);
}

/** Puts the redirection in place of whatever stands there. */
export async function redirect(netnsName: string, pairs: readonly Pair[]): Promise<void> {
  await batch(
    'tc',
    netnsName,
    pairs.flatMap(({ name, tap }) => [...oneWay(name, tap), ...oneWay(tap, name)]),
  );
}

/** True if every frame of every pair is redirected. */
export async function isRedirected(netnsName: string, pairs: readonly Pair[]): Promise<boolean> {
  for (const { name, tap } of pairs) {
    for (const [from, to] of [
      [name, tap],
      [tap, name],
    ] as const) {
      const filters = await hostCommand('tc', ['-netns', netnsName, 'filter', 'show', 'dev', from, 'parent', 'ffff:']);
      if (!filters.includes(`Egress Redirect to device ${to}`)) return false;
    }
  }
  return true;
}

function oneWay(from: string, to: string): readonly string[] {
  return [
    `qdisc replace dev ${from} ingress`,
    `filter replace dev ${from} parent ffff: pref 1 handle 800::800 ${MATCH_ALL} action mirred egress redirect dev ${to}`,
  ];
}

async function batch(tool: 'ip' | 'tc', netnsName: string, lines: readonly string[]): Promise<void> {
  await hostCommand(tool, ['-netns', netnsName, '-batch', '-'], { input: `${lines.join('\n')}\n` });
}
