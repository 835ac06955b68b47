/** The network of a sandbox as its lifecycle sees it: a namespace, a tap in it, addresses. */
export interface NetworkAttachment {
  /** Path of the network namespace the VMM runs in. */
  readonly netns: string;
  readonly tap: string;
  readonly mac: string;
  /** Pod addresses, the primary one first. */
  readonly ips: readonly string[];
}

export interface PodNetwork {
  /** Whether pods get a network, and why not. */
  readiness(): { readonly ready: boolean; readonly reason: string; readonly message: string };
  /** Makes the namespace and the tap; on failure the caller's undo calls `detach`. */
  attach(netnsName: string): Promise<NetworkAttachment>;
  /** Removes all of it; repeatable, and fine if it never existed. */
  detach(netnsName: string): Promise<void>;
}
