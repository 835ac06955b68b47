/** The pods' network where the network is not what is tested or measured. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Folders } from './daemon.ts';

/** Host ends of the pods' interfaces are on it. */
export const PLAIN_BRIDGE = 'plain0';

/**
 * A real CNI network, but without masquerade, firewall and IPv6: their forty calls of iptables are most of what a pod costs in an
 * emulated node. Host ports work.
 */
export async function usePlainNetwork(folders: Folders): Promise<void> {
  const dataDir = join(folders.root, 'network', 'ipam');
  const ipam = { type: 'host-local', subnet: '10.98.0.0/16', routes: [{ dst: '0.0.0.0/0' }], dataDir };
  const conflist = {
    cniVersion: '1.0.0',
    name: 'plain',
    plugins: [
      { type: 'bridge', bridge: PLAIN_BRIDGE, isGateway: true, hairpinMode: true, ipam },
      { type: 'portmap', capabilities: { portMappings: true }, snat: true },
    ],
  };
  await writeFile(join(folders.cniConfig, '10-plain.conflist'), JSON.stringify(conflist));
}
