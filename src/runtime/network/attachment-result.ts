/** What an ADD must have made for a VM to use it, and what of it the pod is told. Pure. */
import { BoxError } from '../../errors.ts';
import type { NetworkList } from './cni/network-list.ts';
import { parseResult, podAddresses, type RawResult } from './cni/result.ts';
import type { FoundInterface } from './netns-view.ts';
import type { NetworkAttachment } from './pod-network.ts';

/** What kubelet's runtimes call a pod's first interface. */
export const IFNAME = 'eth0';
/** Of libkrun's eleven devices seven are taken by others. */
const MAX_INTERFACES = 4;

/** Each interface that ADD has made, and its tap. NETWORK_FAILED if the first one is missing, or a VM cannot have so many. */
export function podInterfaces(
  found: readonly FoundInterface[],
  list: NetworkList,
  sandboxId: string,
): NetworkAttachment['interfaces'] {
  if (found[0]?.name !== IFNAME) {
    throw new BoxError(
      'NETWORK_FAILED',
      `CNI network ${list.name} made no ${IFNAME} for sandbox ${sandboxId}: ${list.path} must hold a plugin that makes an Ethernet interface`,
    );
  }
  if (found.length > MAX_INTERFACES) {
    throw new BoxError(
      'NETWORK_FAILED',
      `sandbox ${sandboxId} has ${found.length} network interfaces (${found.map(({ name }) => name).join(', ')}), a VM can have ${MAX_INTERFACES}: attach fewer networks`,
    );
  }
  return found.map(({ name, mac, mtu, addresses, routes, neighbours }, index) => ({
    name,
    mac,
    mtu,
    addresses: [...addresses],
    routes: [...routes],
    neighbours: [...neighbours],
    tap: `tap${index}`,
  }));
}

/** What the last plugin says of addresses and names. NETWORK_FAILED if it gave the pod no address. */
export function announcement(
  raw: RawResult,
  list: NetworkList,
  sandboxId: string,
): Pick<NetworkAttachment, 'ips' | 'dns'> {
  const result = parseResult(raw);
  const ips = result === undefined ? [] : [...podAddresses(result, IFNAME)];
  if (result === undefined || ips.length === 0) {
    throw new BoxError(
      'NETWORK_FAILED',
      `CNI network ${list.name} gave sandbox ${sandboxId} no address: ${list.path} needs an ipam section`,
    );
  }
  const { nameservers, search, options, domain = '' } = result.dns;
  const searches = search.length > 0 || domain === '' ? search : [domain];
  return { ips, dns: { servers: nameservers, searches, options } };
}
