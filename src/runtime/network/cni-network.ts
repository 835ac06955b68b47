/**
 * Pod networks through CNI: a namespace per sandbox, the node's CNI network in it, and taps that lead into the VM.
 *
 * INVARIANTS
 * - The attachment's record is written before the first plugin runs and deleted after the last DEL: see AttachmentStore.
 * - A namespace is deleted only after DEL has succeeded: plugins find there what they must take back on the host.
 * - Nothing of an ADD that did not go on to its end runs any more when its DEL begins.
 * - At most one detach of a sandbox runs at a time; later callers join it.
 */
import { join } from 'node:path';
import { BoxError, isBoxError, messageOf } from '../../errors.ts';
import { failpoint } from '../../failpoints/failpoint.ts';
import { attempt } from '../attempt.ts';
import { hostCommand } from '../host/host-command.ts';
import type { Trace } from '../janitor/trace.ts';
import type { Log } from '../log.ts';
import type { SandboxConfig } from '../model.ts';
import { NETNS_DIR } from '../paths.ts';
import { exists } from '../store/folder.ts';
import { millisBetween } from '../time.ts';
import { announcement, IFNAME, podInterfaces } from './attachment-result.ts';
import { type AttachmentRecord, AttachmentStore, wasCutShort } from './attachment-store.ts';
import { Availability } from './cni/availability.ts';
import { loadNetwork } from './cni/conf-dir.ts';
import { watchConfigurations } from './cni/conf-watch.ts';
import { endCutShortAdd } from './cni/cut-short-add.ts';
import { ignoredAnnotations, invocationFor } from './cni/invocation.ts';
import type { NetworkList } from './cni/network-list.ts';
import { add, type CniLimits, check, del, type Invocation } from './cni/operations.ts';
import { joinTaps } from './datapath.ts';
import { type DefaultNetworkOptions, defaultNetwork, OWN_NETWORK_TOOL, showDefaultNetwork } from './default-network.ts';
import { FirstSuccess } from './first-success.ts';
import { freeOwnerless } from './host-local.ts';
import { readInterfaces, readStats } from './netns-view.ts';
import { findTraces, type JanitorTools, reconcile } from './network-janitor.ts';
import type {
  InterfaceStats,
  KnownSandbox,
  NetworkAttachment,
  NetworkPlace,
  PodNetwork,
  Readiness,
} from './pod-network.ts';

/** Of the first ADD on a network before the second: longer than any plugin takes to make a bridge or a chain. */
const HEAD_START_MS = 2_000;

export interface CniNetworkOptions {
  readonly root: string;
  readonly state: string;
  readonly confDir: string;
  readonly limits: CniLimits;
  /** Used while confDir holds no configuration; undefined: pods then get no network. */
  readonly defaultNetwork: DefaultNetworkOptions | undefined;
  /** Whether GC may be sent: never while another runtime's pods are on the same network. */
  readonly gc: boolean;
  readonly log: Log;
}

export class CniNetwork implements PodNetwork {
  readonly #options: CniNetworkOptions;
  readonly #own: NetworkList | undefined;
  readonly #store: AttachmentStore;
  readonly #availability: Availability;
  readonly #adds = new FirstSuccess(HEAD_START_MS);
  readonly #detaching = new Map<string, Promise<void>>();
  /** Sandboxes whose DEL failed with nobody left who would ask again. */
  readonly #stuck = new Map<string, NetworkPlace>();
  #announced = '';
  /** What the log has last said of it after a change. */
  #said = '';

  private constructor(options: CniNetworkOptions, own: NetworkList | undefined) {
    this.#options = options;
    this.#own = own;
    this.#store = new AttachmentStore(options.root);
    this.#availability = new Availability(options.limits);
  }

  /** The daemon's; the conflist of its own network is shown in the state folder. */
  static async open(options: CniNetworkOptions): Promise<CniNetwork> {
    const network = await CniNetwork.inspect(options);
    if (network.#own !== undefined) await showDefaultNetwork(network.#own);
    await watchConfigurations(options.confDir, () => network.#look(), options.log);
    return network;
  }

  /** Writes nothing: for whoever looks at the network of a daemon that may run. */
  static async inspect(options: CniNetworkOptions): Promise<CniNetwork> {
    const { state, root, defaultNetwork: wanted } = options;
    return new CniNetwork(options, wanted === undefined ? undefined : await defaultNetwork(state, root, wanted));
  }

  async readiness(): Promise<Readiness> {
    try {
      const list = await this.#current();
      await this.#availability.require(list, list === this.#own ? [OWN_NETWORK_TOOL] : []);
      return { ready: true, reason: '', message: '' };
    } catch (error) {
      return { ready: false, reason: 'NetworkPluginNotReady', message: messageOf(error) };
    }
  }

  /** Says in the log what has become of the network, if anything has. */
  async #look(): Promise<void> {
    const { ready, message } = await this.readiness();
    if (message === this.#said) return;
    this.#said = message;
    const { confDir, log } = this.#options;
    if (ready) log.info({ confDir }, 'pod network ready');
    else log.warn({ confDir, error: message }, 'pod network not ready');
  }

  async attach(place: NetworkPlace, config: SandboxConfig, signal: AbortSignal): Promise<NetworkAttachment> {
    const list = await this.#current();
    const netns = join(NETNS_DIR, place.netnsName);
    const invocation = invocationFor(place.sandboxId, netns, IFNAME, config);
    this.#sayIgnored(place, list, config);
    const record: AttachmentRecord = { version: 1, netnsName: place.netnsName, list, invocation, added: false };
    await this.#store.write(record);
    await failpoint('run.network-recorded');
    await hostCommand('ip', ['netns', 'add', place.netnsName]);
    await failpoint('run.namespace-made');
    const started = process.hrtime.bigint();
    const result = await this.#adds.run(list.name, signal, () =>
      add(list, invocation, this.#options.limits, signal, async (each, whole) => {
        await this.#store.write({ ...record, result: each, added: whole });
        await failpoint('run.plugin-added');
      }),
    );
    await failpoint('run.network-added');
    const added = process.hrtime.bigint();
    const interfaces = podInterfaces(await readInterfaces(place.netnsName), list, place.sandboxId);
    await joinTaps(place.netnsName, interfaces);
    await failpoint('run.taps-joined');
    this.#retryStuck();
    const timings = {
      add: millisBetween(started, added),
      join: millisBetween(added, process.hrtime.bigint()),
    };
    return { netns, network: list.name, interfaces, timings, ...announcement(result, list, place.sandboxId) };
  }

  #sayIgnored({ sandboxId }: NetworkPlace, list: NetworkList, config: SandboxConfig): void {
    const annotations = ignoredAnnotations(list, config.annotations);
    if (annotations.length === 0) return;
    this.#options.log.warn(
      { sandboxId, network: list.name, annotations },
      'annotations of the pod ignored: no plugin of its network declares what they ask for',
    );
  }

  detach(place: NetworkPlace): Promise<void> {
    const running = this.#detaching.get(place.sandboxId);
    if (running !== undefined) return running;
    const work = this.#detach(place).finally(() => this.#detaching.delete(place.sandboxId));
    this.#detaching.set(place.sandboxId, work);
    return work;
  }

  /** Asks the plugins whether the attachment is as they made it; false if there is nothing to ask. NETWORK_FAILED says what is not. */
  async check({ sandboxId }: NetworkPlace): Promise<boolean> {
    const record = await this.#store.read(sandboxId);
    if (record?.result === undefined) return false;
    return check(record.list, record.invocation, this.#options.limits, record.result);
  }

  async stats(netnsName: string): Promise<readonly InterfaceStats[]> {
    return readStats(netnsName);
  }

  async traces(): Promise<readonly Trace[]> {
    return findTraces(await this.#tools());
  }

  async reconcile(known: readonly KnownSandbox[], quiet: boolean): Promise<void> {
    await reconcile(await this.#tools(), known, quiet);
    void this.#checkLive(known);
  }

  async #tools(): Promise<JanitorTools> {
    const { root, state, log, limits, gc } = this.#options;
    return {
      root,
      state,
      log,
      limits,
      store: this.#store,
      detach: (place) => this.detach(place),
      defaultNetwork: this.#own,
      current: gc ? await this.#current().catch(() => undefined) : undefined,
    };
  }

  /** Says which running pods' networks are not as plugins made them; changes nothing. The start does not wait for it. */
  async #checkLive(known: readonly KnownSandbox[]): Promise<void> {
    for (const { place, attachment } of known) {
      if (attachment === undefined) continue;
      try {
        await this.check(place);
      } catch (error) {
        this.#options.log.warn(
          { sandboxId: place.sandboxId, error: messageOf(error) },
          'the network of a running pod is not as CNI made it',
        );
      }
    }
  }

  async #detach(place: NetworkPlace): Promise<void> {
    const { sandboxId, netnsName } = place;
    this.#stuck.set(sandboxId, place);
    const record = await this.#recordOf(sandboxId);
    const there = await exists(join(NETNS_DIR, netnsName));
    if (record !== undefined) {
      if (wasCutShort(record)) await this.#endCutShortAdd(sandboxId);
      const invocation = there ? record.invocation : { ...record.invocation, netns: '' };
      const started = process.hrtime.bigint();
      await this.#release(record, invocation);
      const ms = millisBetween(started, process.hrtime.bigint());
      this.#options.log.debug({ sandboxId, network: record.list.name, ms }, 'CNI DEL done');
      if (wasCutShort(record)) {
        const { log } = this.#options;
        await attempt(log, { sandboxId }, 'addresses without an owner not freed', () => freeOwnerless(record.list));
      }
    }
    await failpoint('stop.network-deleted');
    if (there) await hostCommand('ip', ['netns', 'delete', netnsName]);
    await failpoint('stop.namespace-deleted');
    await this.#store.delete(sandboxId);
    await failpoint('stop.network-forgotten');
    this.#stuck.delete(sandboxId);
  }

  /** Before its DEL: what is still under way would be done after it. */
  async #endCutShortAdd(sandboxId: string): Promise<void> {
    const processes = await endCutShortAdd(sandboxId);
    if (processes.length > 0) this.#options.log.warn({ sandboxId, processes }, 'killed what an ADD had left running');
  }

  /**
   * DEL, and once more if a plugin failed: after an ADD that was cut short, bridge's DEL trips over a rule that is not there
   * yet, but only after it has removed what made it look for the rule.
   */
  async #release({ list, result }: AttachmentRecord, invocation: Invocation): Promise<void> {
    const { limits, log } = this.#options;
    try {
      await del(list, invocation, limits, result);
    } catch (error) {
      if (!(error instanceof BoxError) || isBoxError(error.cause, 'DEADLINE')) throw error;
      log.debug({ sandboxId: invocation.containerId, error: error.message }, 'CNI DEL failed: once more');
      await del(list, invocation, limits, result);
    }
  }

  /** A broken record is set aside: the namespace goes anyway, and the janitor looks for what else is left. */
  async #recordOf(sandboxId: string): Promise<AttachmentRecord | undefined> {
    try {
      return await this.#store.read(sandboxId);
    } catch (error) {
      if (!isBoxError(error, 'RECORD_INVALID')) throw error;
      const path = await this.#store.setAside(sandboxId);
      this.#options.log.error(
        { sandboxId, path, error: messageOf(error) },
        'network record cannot be read: set aside, plugins cannot be told that the sandbox is gone',
      );
      return undefined;
    }
  }

  /** An ADD has just succeeded: what failed to be taken back before may succeed now. */
  #retryStuck(): void {
    for (const place of this.#stuck.values()) {
      if (this.#detaching.has(place.sandboxId)) continue;
      this.detach(place).then(
        () => this.#options.log.info({ sandboxId: place.sandboxId }, 'network of a failed sandbox released'),
        (error: unknown) =>
          this.#options.log.warn({ sandboxId: place.sandboxId, error: messageOf(error) }, 'network still not released'),
      );
    }
  }

  /** The network a pod would get now. NETWORK_NOT_READY if there is none. */
  async #current(): Promise<NetworkList> {
    const { confDir, log } = this.#options;
    const list = (await loadNetwork(confDir)) ?? this.#own;
    if (list === undefined) {
      throw new BoxError(
        'NETWORK_NOT_READY',
        `there is no CNI configuration in ${confDir}: install a network plugin, or set default_network = true`,
      );
    }
    const what = `${list.name} of ${list.path}`;
    if (what !== this.#announced) log.info({ network: list.name, path: list.path }, 'pod network chosen');
    this.#announced = what;
    return list;
  }
}
