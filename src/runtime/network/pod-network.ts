/** The network of a sandbox as its lifecycle sees it: a namespace, taps in it, and what the guest must set up. */
import { z } from 'zod';
import type { Trace } from '../janitor/trace.ts';
import type { SandboxConfig } from '../model.ts';

export const routeSchema = z.object({
  /** With prefix length; `0.0.0.0/0` and `::/0` are the default routes. */
  destination: z.string(),
  /** '' for a destination on the link. */
  gateway: z.string(),
  /** Preferred source address, or ''. */
  source: z.string(),
  metric: z.number().int(),
  /** The gateway is on the link although no route says so (169.254.1.1 of some plugins). */
  onlink: z.boolean(),
});
export type Route = z.infer<typeof routeSchema>;

export const podInterfaceSchema = z.object({
  /** Name in the pod: what CNI made in the namespace. */
  name: z.string(),
  tap: z.string(),
  mac: z.string(),
  mtu: z.number().int(),
  /** With prefix lengths. */
  addresses: z.array(z.string()),
  routes: z.array(routeSchema),
  /** Permanent neighbour entries of plugins that answer no ARP. */
  neighbours: z.array(z.object({ address: z.string(), mac: z.string() })),
});
export type PodInterface = z.infer<typeof podInterfaceSchema>;

export const networkAttachmentSchema = z.object({
  /** Path of the network namespace the VMM runs in. */
  netns: z.string(),
  /** Name of the CNI network. */
  network: z.string(),
  /** Pod addresses, the primary one first; never empty. */
  ips: z.array(z.string()).min(1),
  /** eth0 first. */
  interfaces: z.array(podInterfaceSchema).min(1),
  /** Where the time went, in milliseconds: the plugins' ADD, and everything that joins their work to the VM. */
  timings: z.object({ add: z.number(), join: z.number() }),
  /** What the network says about name resolution; kubelet's dns_config goes before it. */
  dns: z.object({ servers: z.array(z.string()), searches: z.array(z.string()), options: z.array(z.string()) }),
});
export type NetworkAttachment = z.infer<typeof networkAttachmentSchema>;

/** Which sandbox: its id names it to CNI, its namespace is found by name. */
export interface NetworkPlace {
  readonly sandboxId: string;
  readonly netnsName: string;
}

export interface Readiness {
  readonly ready: boolean;
  /** '' if ready. */
  readonly reason: string;
  readonly message: string;
}

/** Counters of one interface as the pod sees them. */
export interface InterfaceStats {
  readonly name: string;
  readonly rxBytes: number;
  readonly rxPackets: number;
  readonly rxErrors: number;
  readonly rxDropped: number;
  readonly txBytes: number;
  readonly txPackets: number;
  readonly txErrors: number;
  readonly txDropped: number;
}

export interface PodNetwork {
  /** Whether a pod would get a network now, and why not. */
  readiness(): Promise<Readiness>;
  /** Makes the namespace, the attachment and the taps; on failure the caller's undo calls `detach`. */
  attach(place: NetworkPlace, config: SandboxConfig, signal: AbortSignal): Promise<NetworkAttachment>;
  /** Removes all of it; repeatable, and fine if it never existed. */
  detach(place: NetworkPlace): Promise<void>;
  stats(netnsName: string): Promise<readonly InterfaceStats[]>;
  /** All there is of networks on the host with this daemon's mark, in the order in which it can be removed. */
  traces(): Promise<readonly Trace[]>;
  /** At start: what the live sandboxes should have is repaired. Only if it is `quiet`, nothing being attached or detached, garbage is collected. */
  reconcile(known: readonly KnownSandbox[], quiet: boolean): Promise<void>;
}

export interface KnownSandbox {
  readonly place: NetworkPlace;
  /** Undefined if the sandbox has ended: then it has no network any more. */
  readonly attachment: NetworkAttachment | undefined;
}
