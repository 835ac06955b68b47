/**
 * One blob on its way from a repository's hosts: as a stream, whose digest the receiver checks, and again from other hosts if it
 * finds the bytes damaged.
 *
 * INVARIANTS
 * - `#servers` are the hosts that bytes of the latest stream came from, all of them hosts of `#rounds`.
 * - A host that was ruled out is no longer one of `#rounds`.
 */
import type { Descriptor } from '../manifest.ts';
import { streamBody } from './blob-body.ts';
import type { HostRounds } from './host-rounds.ts';
import { nameOf, type RegistryHost } from './hosts.ts';
import type { RepositoryRequests } from './repository-requests.ts';

export class BlobDownload {
  readonly #descriptor: Descriptor;
  readonly #requests: RepositoryRequests;
  #rounds: HostRounds;
  #servers: ReadonlySet<RegistryHost> = new Set();

  constructor(descriptor: Descriptor, requests: RepositoryRequests, rounds: HostRounds) {
    this.#descriptor = descriptor;
    this.#requests = requests;
    this.#rounds = rounds;
  }

  /**
   * Streams exactly `descriptor.size` bytes into `write`, taking a broken transfer up where it stopped. What `write` throws
   * passes through. @throws BoxError IMAGE_NOT_FOUND or REGISTRY_*.
   */
  async stream(write: (chunk: Buffer) => Promise<void>, signal: AbortSignal): Promise<void> {
    const descriptor = this.#descriptor;
    const servers = new Set<RegistryHost>();
    this.#servers = servers;
    let received = 0;
    const resume = async (host: RegistryHost): Promise<void> => {
      // The connection broke behind the last byte: there is no range left to ask for. An empty blob is asked for all the same.
      if (received > 0 && received === descriptor.size) return;
      const response = await this.#requests.blob(host, descriptor.digest, received, signal);
      await streamBody(response, {
        host: nameOf(host),
        descriptor,
        offset: received,
        write: async (chunk) => {
          servers.add(host);
          await write(chunk);
          received += chunk.length;
        },
      });
    };
    await this.#rounds.ask('pull', signal, resume, () => received);
  }

  /**
   * To be told that what the latest stream brought is damaged: the hosts that it came from are asked no more. If it came in parts,
   * the last host stays, for the others' parts may be to blame, and it is the registry itself or nearest to it.
   * Returns the names of those ruled out, none if nobody would be left.
   */
  ruleOutServers(): readonly string[] {
    const servers = this.#rounds.hosts('pull').filter((host) => this.#servers.has(host));
    const ruledOut = servers.length > 1 ? servers.slice(0, -1) : servers;
    const rest = this.#rounds.without(ruledOut);
    if (rest.hosts('pull').length === 0) return [];
    this.#rounds = rest;
    return ruledOut.map((host) => nameOf(host));
  }
}
