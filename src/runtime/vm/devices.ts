/** What a VM is made of, for people: eight of the eleven virtio devices that x86-64 libkrun allows, with one network card. Pure. */
import type { BoxConfig } from '../box-config.ts';
import type { NetworkAttachment } from '../network/pod-network.ts';

const MIB = 1024 * 1024;

/** The devices of every VM. */
export const COMMON_DEVICES: readonly string[] = [
  'virtiofs /dev/root (read-only)',
  'virtiofs rw',
  'vsock (ports 4087 ready, 4088 control, 4089 exec)',
  'console',
  'balloon',
  'rng',
];

/** Those of one VM, with what tells them from another's. */
export function vmDevices(box: BoxConfig, network: NetworkAttachment): readonly string[] {
  return [
    ...COMMON_DEVICES,
    `virtio-blk /dev/vda (scratch, ${box.scratchBytes / MIB} MiB)`,
    ...network.interfaces.map(({ name, mac, tap }) => `virtio-net ${name} (${mac}, ${tap})`),
  ];
}
