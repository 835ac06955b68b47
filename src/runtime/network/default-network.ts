/** The daemon's own network, for a machine without a CNI configuration: a bridge, addresses of its own, masquerade, host ports. */
import { mkdir, readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { dirname, join } from 'node:path';
import { writeVolatile } from '../store/record-file.ts';
import type { NetworkList } from './cni/network-list.ts';

export interface DefaultNetworkOptions {
  readonly bridge: string;
  /** One range per address family. */
  readonly subnets: readonly string[];
}

/** What its plugins call for masquerade and host ports. */
export const OWN_NETWORK_TOOL = 'iptables';
const DEFAULT_NETWORK_NAME = 'a3s-box';
const FILE = '10-a3s-box.conflist';

/** Of the address families that this host has. */
export async function defaultNetwork(
  state: string,
  root: string,
  options: DefaultNetworkOptions,
): Promise<NetworkList> {
  const { bridge } = options;
  const subnets = options.subnets.filter((subnet) => !isV6(subnet));
  if (await hostHasIpv6()) subnets.push(...options.subnets.filter(isV6));
  return networkOf(join(state, 'cni', FILE), bridge, subnets, ipamDir(root));
}

/** Writes the conflist to its path below the state folder, for people: the daemon reads it nowhere. */
export async function showDefaultNetwork({ path, cniVersion, name, plugins }: NetworkList): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeVolatile(path, { cniVersion, name, plugins });
}

/** CNI's bridge, host-local, portmap and firewall plugins (their documentation names the keys). Pure. */
function networkOf(path: string, bridge: string, subnets: readonly string[], dataDir: string): NetworkList {
  return {
    path,
    // the newest version that the plugins of Debian 12 know
    cniVersion: '1.0.0',
    disableCheck: false,
    disableGc: false,
    name: DEFAULT_NETWORK_NAME,
    plugins: [
      {
        type: 'bridge',
        bridge,
        isGateway: true,
        ipMasq: true,
        // a pod may reach its own host port
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          dataDir,
          ranges: subnets.map((subnet) => [{ subnet }]),
          routes: subnets.map((subnet) => ({ dst: isV6(subnet) ? '::/0' : '0.0.0.0/0' })),
        },
      },
      // lets pods out on a host whose FORWARD chain drops (Docker's does)
      { type: 'firewall', backend: 'iptables' },
      { type: 'portmap', capabilities: { portMappings: true }, snat: true },
    ],
  };
}

/** Durable with the records that say which address is whose. */
export function ipamDir(root: string): string {
  return join(root, 'network', 'ipam');
}

function isV6(subnet: string): boolean {
  return isIPv6(subnet.split('/', 1)[0] ?? '');
}

async function hostHasIpv6(): Promise<boolean> {
  const disabled = await readFile('/proc/sys/net/ipv6/conf/all/disable_ipv6', 'utf8').catch(() => '1');
  return disabled.trim() === '0';
}
