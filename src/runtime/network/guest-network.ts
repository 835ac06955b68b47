/** The pod's network as guest-init is told it, and the files that depend on it. Pure. */
import type { ConfigureSandboxRequest } from '../../guest-client/generated/a3s/guest/v1/ConfigureSandboxRequest.ts';
import type { SandboxConfig } from '../model.ts';
import type { NetworkAttachment } from './pod-network.ts';

type Dns = SandboxConfig['dns'];

export function guestInterfaces({ interfaces }: NetworkAttachment): NonNullable<ConfigureSandboxRequest['interfaces']> {
  return interfaces.map(({ name, mac, mtu, addresses, routes, neighbours }) => ({
    name,
    mac,
    mtu,
    addresses,
    routes,
    neighbours,
  }));
}

/** hosts(5): the pod's own name leads to its addresses, as in any pod. A mount from kubelet goes over it. */
export function hostsFile(hostname: string, ips: readonly string[]): string {
  const lines = [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    ...ips.map((ip) => `${ip}\t${hostname}`),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/**
 * resolv.conf(5): kubelet's dns_config, else what the CNI network says, else the host's file without the servers that only the
 * host can reach (a resolver on its loopback).
 */
export function resolvConf(asked: Dns, network: Dns, host: string): string {
  if (!isEmpty(asked)) return fromDns(asked);
  if (network.servers.length > 0) return fromDns(network);
  const lines = host.split('\n').filter((line) => line.trim() !== '' && !/^\s*[#;]/.test(line));
  return lines
    .filter((line) => !/^\s*nameserver\s+(127\.|::1\s*$)/.test(line))
    .map((line) => `${line}\n`)
    .join('');
}

function isEmpty({ servers, searches, options }: Dns): boolean {
  return servers.length + searches.length + options.length === 0;
}

function fromDns({ servers, searches, options }: Dns): string {
  const lines = servers.map((server) => `nameserver ${server}`);
  if (searches.length > 0) lines.push(`search ${searches.join(' ')}`);
  if (options.length > 0) lines.push(`options ${options.join(' ')}`);
  return lines.map((line) => `${line}\n`).join('');
}
