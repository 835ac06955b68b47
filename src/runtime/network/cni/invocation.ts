/** What a pod tells the plugins: CNI_ARGS and capability arguments, as kubelet's other runtimes pass them. Pure. */
import { isIP } from 'node:net';
import { BoxError } from '../../../errors.ts';
import type { SandboxConfig } from '../../model.ts';
import type { NetworkList } from './network-list.ts';
import type { Invocation } from './operations.ts';
import { parseQuantity } from './quantity.ts';

/** kubelet's annotations for the bandwidth plugin, in bits per second. */
const BANDWIDTH = { ingress: 'kubernetes.io/ingress-bandwidth', egress: 'kubernetes.io/egress-bandwidth' } as const;
/** Kubernetes' limits for them: 1k to 1P. */
const MIN_RATE = 1_000;
const MAX_RATE = 1e15;
/** The plugin wants a burst; kubelet's runtimes give the largest that 32 bits hold. */
const BURST = 0xffff_ffff;
/** Ours: addresses (comma separated, with prefix length) and hardware address for plugins that take `ips` and `mac`. */
const WANTED_IPS = 'box.a3s.dev/pod-ips';
const WANTED_MAC = 'box.a3s.dev/pod-mac';
/** By the capability that a plugin must declare to be told of them. */
const CAPABILITY_OF = {
  [BANDWIDTH.ingress]: 'bandwidth',
  [BANDWIDTH.egress]: 'bandwidth',
  [WANTED_IPS]: 'ips',
  [WANTED_MAC]: 'mac',
};

export function invocationFor(sandboxId: string, netns: string, ifname: string, config: SandboxConfig): Invocation {
  return {
    containerId: sandboxId,
    netns,
    ifname,
    args: cniArgs(sandboxId, config),
    capabilityArgs: capabilityArgs(config),
  };
}

/** Annotations for plugins that no plugin of this network is told of. */
export function ignoredAnnotations(
  { plugins }: NetworkList,
  annotations: Readonly<Record<string, string>>,
): readonly string[] {
  return Object.entries(CAPABILITY_OF)
    .filter(([key, capability]) => key in annotations && !plugins.some((each) => each.capabilities?.[capability]))
    .map(([key]) => key);
}

/** K8S_* as plugins such as Multus, Calico and Cilium read them; IgnoreUnknown lets the others pass over them. */
function cniArgs(sandboxId: string, { metadata }: SandboxConfig): string {
  const pairs = {
    IgnoreUnknown: '1',
    K8S_POD_NAMESPACE: metadata.namespace,
    K8S_POD_NAME: metadata.name,
    K8S_POD_INFRA_CONTAINER_ID: sandboxId,
    K8S_POD_UID: metadata.uid,
  };
  for (const [key, value] of Object.entries(pairs)) {
    if (/[;=\0]/.test(value)) {
      throw new BoxError(
        'INVALID_REQUEST',
        `${key} ${JSON.stringify(value)} cannot be told to CNI plugins: it holds ; or =`,
      );
    }
  }
  return Object.entries(pairs)
    .map(([key, value]) => `${key}=${value}`)
    .join(';');
}

/** By the names of CNI's CONVENTIONS.md. A key that is absent is one the pod says nothing about. */
function capabilityArgs(config: SandboxConfig): Readonly<Record<string, unknown>> {
  const { annotations, dns, cgroupParent } = config;
  const portMappings = config.portMappings
    .filter(({ hostPort }) => hostPort > 0)
    .map(({ protocol, containerPort, hostPort, hostIp }) => ({
      hostPort,
      containerPort,
      protocol: protocol.toLowerCase(),
      hostIP: hostIp,
    }));
  const bandwidth = bandwidthOf(annotations);
  const hasDns = dns.servers.length + dns.searches.length + dns.options.length > 0;
  const ips = annotations[WANTED_IPS];
  const mac = annotations[WANTED_MAC];
  return {
    ...(portMappings.length === 0 ? {} : { portMappings }),
    ...(bandwidth === undefined ? {} : { bandwidth }),
    ...(hasDns ? { dns } : {}),
    ...(ips === undefined ? {} : { ips: wantedIps(ips) }),
    ...(mac === undefined ? {} : { mac: wantedMac(mac) }),
    ...(cgroupParent === '' ? {} : { cgroupPath: cgroupParent }),
    'io.kubernetes.cri.pod-annotations': annotations,
  };
}

function bandwidthOf(annotations: Readonly<Record<string, string>>): Readonly<Record<string, number>> | undefined {
  const ingress = rate(annotations, BANDWIDTH.ingress);
  const egress = rate(annotations, BANDWIDTH.egress);
  if (ingress === undefined && egress === undefined) return undefined;
  return {
    ...(ingress === undefined ? {} : { ingressRate: ingress, ingressBurst: BURST }),
    ...(egress === undefined ? {} : { egressRate: egress, egressBurst: BURST }),
  };
}

function rate(annotations: Readonly<Record<string, string>>, key: string): number | undefined {
  const text = annotations[key];
  if (text === undefined) return undefined;
  const value = parseQuantity(text);
  if (value === undefined || value < MIN_RATE || value > MAX_RATE) {
    throw new BoxError('INVALID_REQUEST', `annotation ${key}: ${JSON.stringify(text)} is no bandwidth from 1k to 1P`);
  }
  return value;
}

function wantedIps(text: string): readonly string[] {
  const ips = text.split(',').map((part) => part.trim());
  const bad = ips.find((ip) => !isCidr(ip));
  if (bad === undefined) return ips;
  throw new BoxError(
    'INVALID_REQUEST',
    `annotation ${WANTED_IPS}: ${JSON.stringify(bad)} is no address with a prefix length`,
  );
}

function isCidr(text: string): boolean {
  const [address = '', prefix = '', ...rest] = text.split('/');
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return rest.length === 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits;
}

function wantedMac(text: string): string {
  if (/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) return text.toLowerCase();
  throw new BoxError('INVALID_REQUEST', `annotation ${WANTED_MAC}: ${JSON.stringify(text)} is no hardware address`);
}
