/** From a counter of CPU time to a rate: two samples of it are kept. */

/** Samples closer together would make noise a rate; who asks in between gets the rate of the last window. */
const MIN_WINDOW_NS = 1_000_000_000n;
const NANOS_PER_SECOND = 1_000_000_000n;

export class CpuRate {
  #base: { readonly usageNs: bigint; readonly atNs: bigint } | undefined;
  #rate: bigint | undefined;

  /**
   * Takes a sample (both in nanoseconds, `atNs` of a monotonic clock) and returns nanoseconds of CPU per second, undefined
   * before there are two samples. A counter or clock that went back begins anew.
   */
  sample(usageNs: bigint, atNs: bigint): bigint | undefined {
    const base = this.#base;
    if (base === undefined || usageNs < base.usageNs || atNs < base.atNs) {
      this.#base = { usageNs, atNs };
      this.#rate = undefined;
    } else if (atNs - base.atNs >= MIN_WINDOW_NS) {
      this.#rate = ((usageNs - base.usageNs) * NANOS_PER_SECOND) / (atNs - base.atNs);
      this.#base = { usageNs, atNs };
    }
    return this.#rate;
  }
}
