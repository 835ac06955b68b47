/**
 * The hosts of a repository, asked in order: the next one when one fails, and the whole round again a little later when the
 * failure may pass (network, 5xx, 429).
 */
import { setTimeout as delay } from 'node:timers/promises';
import { BoxError } from '../../errors.ts';
import { formatReference, type ImageReference } from '../reference.ts';
import { HostFailure } from './host-failure.ts';
import type { Capability, RegistryHost } from './hosts.ts';

/** Rounds over all hosts, and the longest wait before the second one; it doubles, and is jittered. */
const MAX_ROUNDS = 3;
const BACKOFF_MS = 400;

export class HostRounds {
  readonly #reference: ImageReference;
  readonly #hosts: readonly RegistryHost[];

  constructor(reference: ImageReference, hosts: readonly RegistryHost[]) {
    this.#reference = reference;
    this.#hosts = hosts;
  }

  /** Those that have the capability, in the order in which they are asked. */
  hosts(capability: Capability): readonly RegistryHost[] {
    return this.#hosts.filter(({ capabilities }) => capabilities.includes(capability));
  }

  /** The same without some hosts. */
  without(hosts: readonly RegistryHost[]): HostRounds {
    return new HostRounds(
      this.#reference,
      this.#hosts.filter((host) => !hosts.includes(host)),
    );
  }

  /**
   * The first answer of a host that has the capability. `progress` is for work that is done piece by piece: a round in which it
   * grows counts as the first. @throws BoxError IMAGE_NOT_FOUND or REGISTRY_*, or what `ask` throws.
   */
  async ask<T>(
    capability: Capability,
    signal: AbortSignal,
    ask: (host: RegistryHost) => Promise<T>,
    progress: () => number = () => 0,
  ): Promise<T> {
    const hosts = this.hosts(capability);
    let done = progress();
    for (let round = 1; ; round += 1) {
      const failures: HostFailure[] = [];
      for (const host of hosts) {
        try {
          return await ask(host);
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof HostFailure)) throw error;
          failures.push(error);
        }
      }
      const hasGrown = progress() > done;
      if (hasGrown) round = 1;
      done = progress();
      if (round === MAX_ROUNDS || !mayPass(failures, hasGrown)) throw this.#summary(failures, capability);
      await delay(BACKOFF_MS * 2 ** (round - 1) * (0.5 + Math.random() / 2), undefined, { signal });
    }
  }

  /** The registry itself is asked last: its answer decides, the mirrors' stand behind it. */
  #summary(failures: readonly HostFailure[], capability: Capability): BoxError {
    const image = formatReference(this.#reference);
    const last = failures.at(-1);
    if (last === undefined)
      return new BoxError(
        'CONFIG_INVALID',
        `no host of ${this.#reference.host} may ${capability}: see its hosts.toml (image ${image})`,
      );
    const details = failures
      .toReversed()
      .map(({ message }) => message)
      .join('; ');
    return new BoxError(last.reason, `${summaryText(last.reason)} ${image}: ${details}`, { cause: last });
  }
}

/** The registry itself decides, unless a mirror has something and broke off while it gave it. */
function mayPass(failures: readonly HostFailure[], hasGrown: boolean): boolean {
  return hasGrown ? failures.some(({ retryable }) => retryable) : failures.at(-1)?.retryable === true;
}

function summaryText(reason: HostFailure['reason']): string {
  switch (reason) {
    case 'IMAGE_NOT_FOUND':
      return 'image not found:';
    case 'REGISTRY_DENIED':
      return 'registry denied access (is a pull secret missing or wrong?):';
    case 'REGISTRY_UNAVAILABLE':
      return 'registry unavailable:';
    case 'REGISTRY_ANSWER':
      return 'registry gave a wrong answer:';
  }
}
