/** What is told of pods only: their network interfaces. */
import type { InterfaceStats } from '../../runtime/network/pod-network.ts';
import type { Definition, Value } from './metric.ts';

export interface NetworkSubject {
  readonly network: readonly InterfaceStats[];
}

type Counter = Exclude<keyof InterfaceStats, 'name'>;

function metric(name: string, help: string, counter: Counter): Definition<NetworkSubject> {
  const read = ({ network }: NetworkSubject): readonly Value[] =>
    network.map((found) => ({ value: BigInt(found[counter]), labels: [found.name] }));
  return { name: `container_network_${name}_total`, help, type: 'COUNTER', labels: ['interface'], read };
}

export const NETWORK_METRICS: readonly Definition<NetworkSubject>[] = [
  metric('receive_bytes', 'Bytes received.', 'rxBytes'),
  metric('receive_packets', 'Packets received.', 'rxPackets'),
  metric('receive_packets_dropped', 'Packets dropped while receiving.', 'rxDropped'),
  metric('receive_errors', 'Errors while receiving.', 'rxErrors'),
  metric('transmit_bytes', 'Bytes sent.', 'txBytes'),
  metric('transmit_packets', 'Packets sent.', 'txPackets'),
  metric('transmit_packets_dropped', 'Packets dropped while sending.', 'txDropped'),
  metric('transmit_errors', 'Errors while sending.', 'txErrors'),
];
