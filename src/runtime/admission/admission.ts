/** Who may boot a VM, and when: a full host refuses, a busy one lets wait. */
import { statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { BoxError } from '../../errors.ts';
import { WorkQueue } from '../../work-queue.ts';
import type { BoxConfig } from '../box-config.ts';
import { settlesWithin } from '../time.ts';
import { type CapacityLimits, type HostResources, shortage } from './capacity.ts';

const MIB = 1024 * 1024;
/**
 * Longer than plugins take on a host with nothing to spare: with 2 s those of twenty pods pile up on one emulated processor. One
 * that hangs must not keep others waiting for as long as it may run.
 */
const PREPARATION_PLACE_MS = 5_000;
/** As above, of VMs: many times what a boot takes on hardware, and half the time after which one that hangs is given up. */
const BOOT_PLACE_MS = 30_000;

export interface AdmissionLimits extends CapacityLimits {
  readonly parallelBoots: number;
}

/**
 * INVARIANT: from its admission until it is in the index or undone, a sandbox is in `booting`; so no two are given the same
 * memory, and nothing on the host that belongs to a boot under way is taken for a leftover.
 */
export class Admission {
  readonly boots: WorkQueue;
  /** Network and disk before the boot: some fifteen processes each. Those of many pods at once would keep the daemon from answering. */
  readonly preparations: WorkQueue;
  readonly #limits: AdmissionLimits;
  /** The VMs that run. */
  readonly #running: () => readonly BoxConfig[];
  readonly #host: () => Promise<HostResources>;
  readonly #booting = new Map<string, BoxConfig>();

  constructor(limits: AdmissionLimits, running: () => readonly BoxConfig[], host: () => Promise<HostResources>) {
    this.#limits = limits;
    this.#running = running;
    this.#host = host;
    const limit = limits.parallelBoots;
    this.boots = new WorkQueue({ limit, doing: 'booting', placeEnds: within(BOOT_PLACE_MS) });
    this.preparations = new WorkQueue({ limit, doing: 'being prepared', placeEnds: within(PREPARATION_PLACE_MS) });
  }

  /** Sandboxes that are being made. */
  get booting(): readonly string[] {
    return [...this.#booting.keys()];
  }

  /** Keeps room for a VM until the returned function is called. HOST_FULL says what is short. */
  async reserve(sandboxId: string, box: BoxConfig): Promise<() => void> {
    const host = await this.#host();
    const problem = shortage(box, [...this.#running(), ...this.#booting.values()], host, this.#limits);
    if (problem !== '') throw new BoxError('HOST_FULL', `this host has no room for another VM: ${problem}`);
    this.#booting.set(sandboxId, box);
    return () => void this.#booting.delete(sandboxId);
  }
}

/** A place is kept until its work has ended, and no longer than this. */
function within(ms: number): (ended: Promise<unknown>) => Promise<unknown> {
  return (ended) => settlesWithin(ended, ms);
}

/** What this machine has, for sandboxes below `root`. */
export async function hostResources(root: string): Promise<HostResources> {
  const { bavail, bsize } = await statfs(root);
  return { memoryMiB: Math.floor(totalmem() / MIB), diskFreeBytes: bavail * bsize };
}
