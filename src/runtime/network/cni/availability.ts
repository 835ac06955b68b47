/**
 * Whether a network can serve an ADD now: its plugins are installed, with what they run, and say so themselves (STATUS).
 *
 * INVARIANT: at most one STATUS of a network runs at a time; whoever asks meanwhile gets its answer. kubelet asks every few seconds, and
 * would start one plugin that hangs after the other.
 */
import { BoxError } from '../../../errors.ts';
import { SharedFlights } from '../../../shared-flight.ts';
import { findExecutable } from '../../host/executable.ts';
import { ipamOf, type NetworkList } from './network-list.ts';
import { type CniLimits, status } from './operations.ts';
import { findPlugin } from './plugin-process.ts';

/** CRI's Status waits for it, and the daemon's health is judged by that. */
const STATUS_LIMIT_MS = 5_000;
/** Nobody gives up: the limit is short. */
const NEVER = new AbortController().signal;

export class Availability {
  readonly #limits: CniLimits;
  readonly #asked = new SharedFlights<void>();

  constructor(limits: CniLimits) {
    this.#limits = { ...limits, timeoutMs: Math.min(limits.timeoutMs, STATUS_LIMIT_MS) };
  }

  /** NETWORK_NOT_READY names the plugin, or the one of `tools`, that is not installed; NETWORK_FAILED has STATUS's words, or that it is late. */
  async require(list: NetworkList, tools: readonly string[]): Promise<void> {
    for (const type of list.plugins.flatMap(programsOf)) await findPlugin(type, this.#limits.binDirs);
    for (const tool of tools) await requireTool(tool, list);
    await this.#asked.join(JSON.stringify(list), NEVER, () => status(list, this.#limits));
  }
}

/** A plugin's program and that of its IPAM. */
function programsOf(plugin: NetworkList['plugins'][number]): readonly string[] {
  const ipam = ipamOf(plugin);
  return ipam === undefined ? [plugin.type] : [plugin.type, ipam.type];
}

async function requireTool(tool: string, { name }: NetworkList): Promise<void> {
  if ((await findExecutable(tool)) !== undefined) return;
  throw new BoxError(
    'NETWORK_NOT_READY',
    `${tool}, which the plugins of network ${name} run, is not in PATH: install it`,
  );
}
