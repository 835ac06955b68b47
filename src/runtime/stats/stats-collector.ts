/** Asks guests what they and their containers use. */
import { messageOf } from '../../errors.ts';
import type { ContainerUsage__Output } from '../../guest-client/generated/a3s/guest/v1/ContainerUsage.ts';
import type { Container } from '../container/container.ts';
import type { RuntimeContext } from '../context.ts';
import type { Nanos } from '../model.ts';
import type { InterfaceStats } from '../network/pod-network.ts';
import { sandboxesDir } from '../paths.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { nowNanos } from '../time.ts';
import { CpuRate } from './cpu-rate.ts';
import { toProcessDetails, toScratch, toUsage, toWritableLayer } from './guest-usage.ts';
import type { ContainerStats, SandboxStats, StatsScope } from './stats.ts';

/** Who asks for one sandbox waits for it. */
const ONE_LIMIT_MS = 20_000;
/** Who asks for all waits for none this long: kubelet's eviction manager asks every ten seconds. */
const ALL_LIMIT_MS = 4_000;

/**
 * INVARIANTS
 * - A guest that does not answer costs its own numbers and ALL_LIMIT_MS, nobody else's.
 * - The last CPU sample of a sandbox or container lives as long as it does.
 */
export class StatsCollector {
  readonly #context: Pick<RuntimeContext, 'root' | 'network' | 'log'>;
  readonly #rates = new WeakMap<object, CpuRate>();

  constructor(context: Pick<RuntimeContext, 'root' | 'network' | 'log'>) {
    this.#context = context;
  }

  /** SANDBOX_NOT_READY if it has ended, DEADLINE if its guest does not answer. */
  one(sandbox: Sandbox, scope: StatsScope): Promise<SandboxStats> {
    return this.#ask(sandbox, scope, ONE_LIMIT_MS);
  }

  /** Those that answer in time; the others are left out. */
  async all(sandboxes: readonly Sandbox[], scope: StatsScope): Promise<readonly SandboxStats[]> {
    const answers = sandboxes.map(async (sandbox) => {
      try {
        return [await this.#ask(sandbox, scope, ALL_LIMIT_MS)];
      } catch (error) {
        this.#context.log.debug({ sandboxId: sandbox.id, error: messageOf(error) }, 'sandbox left out of statistics');
        return [];
      }
    });
    return (await Promise.all(answers)).flat();
  }

  async #ask(sandbox: Sandbox, scope: StatsScope, limitMs: number): Promise<SandboxStats> {
    const { guest } = sandbox.vm();
    const [said, network] = await Promise.all([
      guest.stats(scope === 'details', limitMs),
      scope === 'containers' ? [] : this.#network(sandbox),
    ]);
    const at = nowNanos();
    const takenAtNs = BigInt(said.takenAtNs);
    const saidOf = new Map(said.containers.map((usage) => [usage.containerId, usage]));
    const containers = [...sandbox.containers.values()].flatMap((container) => {
      const usage = saidOf.get(container.id);
      return usage === undefined ? [] : [this.#container(container, usage, takenAtNs, at)];
    });
    const usage = toUsage(said.sandbox, takenAtNs, this.#rate(sandbox));
    return {
      sandbox: sandbox.view(),
      at,
      usage: { ...usage, processes: sum(containers, 'processes'), threads: sum(containers, 'threads') },
      network,
      containers,
      scratch: { mountpoint: sandboxesDir(this.#context.root), ...toScratch(said) },
    };
  }

  #container(container: Container, said: ContainerUsage__Output, takenAtNs: bigint, at: Nanos): ContainerStats {
    return {
      container: container.view(),
      at,
      usage: toUsage(said.usage, takenAtNs, this.#rate(container)),
      writableLayer: toWritableLayer(said, takenAtNs, at),
      details: toProcessDetails(said),
    };
  }

  /** What the guest says is worth telling without its network, which the host counts. */
  async #network(sandbox: Sandbox): Promise<readonly InterfaceStats[]> {
    try {
      return await this.#context.network.stats(sandbox.paths.netnsName);
    } catch (error) {
      this.#context.log.debug({ sandboxId: sandbox.id, error: messageOf(error) }, 'network counters left out');
      return [];
    }
  }

  #rate(of: object): CpuRate {
    const known = this.#rates.get(of);
    if (known !== undefined) return known;
    const rate = new CpuRate();
    this.#rates.set(of, rate);
    return rate;
  }
}

function sum(containers: readonly ContainerStats[], what: 'processes' | 'threads'): bigint {
  return containers.reduce((total, { usage }) => total + usage[what], 0n);
}
