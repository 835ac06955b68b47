/**
 * At start: what there is of networks is found by its mark (the janitor removes what belongs to no sandbox), and a running
 * sandbox whose frames are not redirected gets its redirection back.
 */
import { basename, join } from 'node:path';
import { attempt } from '../attempt.ts';
import { hostCommand } from '../host/host-command.ts';
import type { Trace } from '../janitor/trace.ts';
import type { Log } from '../log.ts';
import { hostMark, NETNS_DIR, sandboxPaths, shortId } from '../paths.ts';
import { exists, listFolder } from '../store/folder.ts';
import type { AttachmentStore } from './attachment-store.ts';
import type { NetworkList } from './cni/network-list.ts';
import { type CniLimits, del, gc } from './cni/operations.ts';
import { isRedirected, redirect } from './datapath.ts';
import { ipamDir } from './default-network.ts';
import { leaseholders } from './host-local.ts';
import type { KnownSandbox, NetworkAttachment, NetworkPlace } from './pod-network.ts';

/** The daemon does not serve meanwhile, because garbage must not be collected while networks are made. */
const GC_LIMIT_MS = 5_000;

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

/** Attachments, namespaces and addresses, in the order in which they can be removed: DEL needs the namespace and frees the address. */
export async function findTraces(tools: JanitorTools): Promise<readonly Trace[]> {
  return [...(await findRecords(tools)), ...(await findNamespaces(tools)), ...(await findAddresses(tools))];
}

/** What running sandboxes should have is repaired; each step on its own: one that fails is logged and stops nothing. */
export async function reconcile(tools: JanitorTools, known: readonly KnownSandbox[], quiet: boolean): Promise<void> {
  const live = known.flatMap(({ place, attachment }) => (attachment === undefined ? [] : [{ place, attachment }]));
  for (const { place, attachment } of live) await repair(tools, place, attachment);
  if (quiet) await collectGarbage(tools, live);
}

async function findRecords({ root, state, store, detach }: JanitorTools): Promise<readonly Trace[]> {
  return (await store.ids()).map((sandboxId) => ({
    kind: 'network record',
    name: sandboxId,
    owner: shortId(sandboxId),
    remove: async () => {
      await detach({ sandboxId, netnsName: sandboxPaths(root, state, sandboxId).netnsName });
      return true;
    },
  }));
}

async function findNamespaces({ root, state, store }: JanitorTools): Promise<readonly Trace[]> {
  const mark = hostMark(root, state);
  const names = (await listFolder(NETNS_DIR)).filter((name) => name.startsWith(mark));
  return names.map((name) => ({
    kind: 'network namespace',
    name,
    owner: name.slice(mark.length),
    remove: async () => {
      // it went with its record, or its DEL has just failed and needs it for the next try
      const recorded = (await store.ids()).some((id) => sandboxPaths(root, state, id).netnsName === name);
      if (recorded || !(await exists(join(NETNS_DIR, name)))) return false;
      await hostCommand('ip', ['netns', 'delete', name]);
      return true;
    },
  }));
}

/** Of the one network that is all ours. */
async function findAddresses({ root, limits, store, defaultNetwork: list }: JanitorTools): Promise<readonly Trace[]> {
  if (list === undefined) return [];
  const holders = (): Promise<readonly string[]> => leaseholders(ipamDir(root), list.name);
  return (await holders()).map((containerId) => ({
    kind: 'address',
    name: `of ${containerId}`,
    owner: shortId(containerId),
    remove: async () => {
      const recorded = (await store.ids()).includes(containerId);
      if (recorded || !(await holders()).includes(containerId)) return false;
      const invocation = { containerId, netns: '', ifname: 'eth0', args: 'IgnoreUnknown=1', capabilityArgs: {} };
      await del(list, invocation, limits, undefined);
      return true;
    },
  }));
}

async function repair({ log }: JanitorTools, place: NetworkPlace, attachment: NetworkAttachment): Promise<void> {
  await repairStep(
    log,
    { sandboxId: place.sandboxId },
    'redirection between a pod and its network restored',
    async () => {
      const name = basename(attachment.netns);
      if (await isRedirected(name, attachment.interfaces)) return false;
      await redirect(name, attachment.interfaces);
      return true;
    },
  );
}

async function collectGarbage(
  { current, limits, log, store }: JanitorTools,
  live: readonly { readonly place: NetworkPlace }[],
): Promise<void> {
  if (current === undefined) return;
  const ids = new Set([...live.map(({ place }) => place.sandboxId), ...(await store.ids())]);
  const valid = [...ids].map((containerId) => ({ containerId, ifname: 'eth0' }));
  await repairStep(log, { network: current.name, attachments: valid.length }, 'CNI garbage collected', () =>
    gc(current, valid, { ...limits, timeoutMs: Math.min(limits.timeoutMs, GC_LIMIT_MS) }),
  );
}

/** Logs `done` if the step did something, and what went wrong if it failed. */
async function repairStep(
  log: Log,
  facts: Readonly<Record<string, unknown>>,
  done: string,
  step: () => Promise<boolean>,
): Promise<void> {
  await attempt(log, facts, `not done at this start: ${done}`, async () => {
    if (await step()) log.warn(facts, done);
  });
}
