/**
 * At start: network namespaces, attachment records, the default network's addresses and the sandboxes are compared. What
 * belongs to no sandbox goes, and a running sandbox whose frames are not redirected gets its redirection back.
 */
import { basename } from 'node:path';
import { messageOf } from '../../errors.ts';
import { hostCommand } from '../host/host-command.ts';
import type { Log } from '../log.ts';
import { hostMark, NETNS_DIR, sandboxPaths } from '../paths.ts';
import { listFolder } from '../store/folder.ts';
import type { AttachmentStore } from './attachment-store.ts';
import type { NetworkList } from './cni/network-list.ts';
import { type CniLimits, del, gc } from './cni/operations.ts';
import { isRedirected, redirect } from './datapath.ts';
import { leaseholders } from './default-network.ts';
import type { KnownSandbox, NetworkAttachment, NetworkPlace } from './pod-network.ts';

export interface JanitorTools {
  readonly root: string;
  readonly state: string;
  readonly log: Log;
  readonly limits: CniLimits;
  readonly store: AttachmentStore;
  readonly detach: (place: NetworkPlace) => Promise<void>;
  readonly defaultNetwork: NetworkList | undefined;
  /** The network to send GC to; undefined: none. */
  readonly current: NetworkList | undefined;
}

/** Each step on its own: one that fails is logged and does not stop the others, nor the start. */
export async function reconcile(tools: JanitorTools, known: readonly KnownSandbox[]): Promise<void> {
  const live = known.flatMap(({ place, attachment }) => (attachment === undefined ? [] : [{ place, attachment }]));
  const liveIds = new Set(live.map(({ place }) => place.sandboxId));
  for (const id of await tools.store.ids()) {
    if (!liveIds.has(id)) await releaseAttachment(tools, id);
  }
  await removeNamespaces(tools, new Set(live.map(({ place }) => place.netnsName)));
  await freeAddresses(tools, liveIds);
  for (const { place, attachment } of live) await repair(tools, place, attachment);
  await collectGarbage(tools, live);
}

async function releaseAttachment({ root, state, log, detach }: JanitorTools, sandboxId: string): Promise<void> {
  const { netnsName } = sandboxPaths(root, state, sandboxId);
  await attempt(log, { sandboxId, netnsName }, 'network of a sandbox that is gone released', async () => {
    await detach({ sandboxId, netnsName });
    return true;
  });
}

async function removeNamespaces({ root, state, log, store }: JanitorTools, live: ReadonlySet<string>): Promise<void> {
  const mark = hostMark(root, state);
  // a namespace whose DEL has just failed is needed for the next try
  const recorded = new Set((await store.ids()).map((id) => sandboxPaths(root, state, id).netnsName));
  for (const name of await listFolder(NETNS_DIR)) {
    if (!name.startsWith(mark) || live.has(name) || recorded.has(name)) continue;
    await attempt(log, { name }, 'network namespace without a sandbox removed', async () => {
      await hostCommand('ip', ['netns', 'delete', name]);
      return true;
    });
  }
}

/** Addresses whose record is lost, of the one network that is all ours. */
async function freeAddresses(tools: JanitorTools, live: ReadonlySet<string>): Promise<void> {
  const { root, log, limits, store, defaultNetwork: list } = tools;
  if (list === undefined) return;
  const recorded = new Set(await store.ids());
  for (const containerId of await leaseholders(root)) {
    if (live.has(containerId) || recorded.has(containerId)) continue;
    await attempt(log, { containerId }, 'address of a sandbox without a record freed', async () => {
      await del(
        list,
        { containerId, netns: '', ifname: 'eth0', args: 'IgnoreUnknown=1', capabilityArgs: {} },
        limits,
        undefined,
      );
      return true;
    });
  }
}

async function repair({ log }: JanitorTools, place: NetworkPlace, attachment: NetworkAttachment): Promise<void> {
  await attempt(log, { sandboxId: place.sandboxId }, 'redirection between a pod and its network restored', async () => {
    const name = basename(attachment.netns);
    if (await isRedirected(name, attachment.interfaces)) return false;
    await redirect(name, attachment.interfaces);
    return true;
  });
}

async function collectGarbage(
  { current, limits, log, store }: JanitorTools,
  live: readonly { readonly place: NetworkPlace }[],
): Promise<void> {
  if (current === undefined) return;
  const ids = new Set([...live.map(({ place }) => place.sandboxId), ...(await store.ids())]);
  const valid = [...ids].map((containerId) => ({ containerId, ifname: 'eth0' }));
  await attempt(log, { network: current.name, attachments: valid.length }, 'CNI garbage collected', () =>
    gc(current, valid, limits),
  );
}

/** Logs `done` if the step did something, and what went wrong if it failed. */
async function attempt(
  log: Log,
  facts: Readonly<Record<string, unknown>>,
  done: string,
  step: () => Promise<boolean>,
): Promise<void> {
  try {
    if (await step()) log.warn(facts, done);
  } catch (error) {
    log.error({ ...facts, error: messageOf(error) }, `not done at this start: ${done}`);
  }
}
