/** A network namespace of the sandbox's own with a tap that leads nowhere: the VMM is confined to it, the pod has no address. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { hostCommand } from '../host/host-command.ts';
import { NETNS_DIR } from '../paths.ts';
import { exists } from '../store/folder.ts';
import type { NetworkAttachment, PodNetwork } from './pod-network.ts';

const TAP = 'tap0';

export class IsolatedNetwork implements PodNetwork {
  readiness(): { ready: boolean; reason: string; message: string } {
    return {
      ready: false,
      reason: 'NoPodNetwork',
      message: 'pods have no network yet: CNI is not part of this release',
    };
  }

  async attach(netnsName: string): Promise<NetworkAttachment> {
    await hostCommand('ip', ['netns', 'add', netnsName]);
    await hostCommand('ip', ['-n', netnsName, 'tuntap', 'add', 'dev', TAP, 'mode', 'tap', 'vnet_hdr']);
    return { netns: join(NETNS_DIR, netnsName), tap: TAP, mac: randomMac(), ips: [] };
  }

  async detach(netnsName: string): Promise<void> {
    if (await exists(join(NETNS_DIR, netnsName))) await hostCommand('ip', ['netns', 'delete', netnsName]);
  }
}

/** Locally administered, unicast (IEEE 802: bit 1 set, bit 0 clear in the first octet). */
function randomMac(): string {
  const bytes = randomBytes(6);
  bytes.writeUInt8((bytes.readUInt8(0) & 0xfc) | 0x02, 0);
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}
