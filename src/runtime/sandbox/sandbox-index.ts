/**
 * All sandboxes and containers in memory: what lists are answered from, and who owns which name.
 *
 * INVARIANT: a name (metadata of a sandbox) belongs to one sandbox, or to one call that is making it, at any time.
 */
import { BoxError } from '../../errors.ts';
import type { Container } from '../container/container.ts';
import type { PodMetadata } from '../model.ts';
import type { Sandbox } from './sandbox.ts';

export class SandboxIndex {
  readonly #sandboxes = new Map<string, Sandbox>();

  add(sandbox: Sandbox): void {
    this.#sandboxes.set(sandbox.id, sandbox);
  }

  delete(sandbox: Sandbox): void {
    this.#sandboxes.delete(sandbox.id);
  }

  all(): readonly Sandbox[] {
    return [...this.#sandboxes.values()];
  }

  allContainers(): readonly Container[] {
    return this.all().flatMap((sandbox) => [...sandbox.containers.values()]);
  }

  /** By id or unique prefix. */
  find(id: string): Sandbox | undefined {
    return this.#sandboxes.get(id) ?? byPrefix(this.all(), id, 'sandbox');
  }

  get(id: string): Sandbox {
    const sandbox = this.find(id);
    if (sandbox === undefined) throw new BoxError('SANDBOX_NOT_FOUND', `sandbox ${id} does not exist`);
    return sandbox;
  }

  findByName(metadata: PodMetadata): Sandbox | undefined {
    const wanted = podKey(metadata);
    return this.all().find((sandbox) => podKey(sandbox.record.config.metadata) === wanted);
  }

  /** By id or unique prefix, with its sandbox. */
  findContainer(id: string): { readonly sandbox: Sandbox; readonly container: Container } | undefined {
    const containers = this.allContainers();
    const container = containers.find((candidate) => candidate.id === id) ?? byPrefix(containers, id, 'container');
    const sandbox = container === undefined ? undefined : this.#sandboxes.get(container.record.sandboxId);
    return container === undefined || sandbox === undefined ? undefined : { sandbox, container };
  }

  getContainer(id: string): { readonly sandbox: Sandbox; readonly container: Container } {
    const found = this.findContainer(id);
    if (found === undefined) throw new BoxError('CONTAINER_NOT_FOUND', `container ${id} does not exist`);
    return found;
  }

  /** Runs `work` in a container's turn; CONTAINER_NOT_FOUND also if it was removed before that came. */
  async inTurn<T>(id: string, work: (sandbox: Sandbox, container: Container) => Promise<T>): Promise<T> {
    const { container } = this.getContainer(id);
    return container.turns.take(async () => {
      const { sandbox } = this.getContainer(container.id);
      return work(sandbox, container);
    });
  }
}

/** One string per (name, namespace, uid, attempt); NUL cannot stand in any of them. */
export function podKey({ name, namespace, uid, attempt }: PodMetadata): string {
  return [name, namespace, uid, String(attempt)].join('\0');
}

function byPrefix<T extends { readonly id: string }>(all: readonly T[], prefix: string, kind: string): T | undefined {
  if (prefix === '') return undefined;
  const [first, second] = all.filter(({ id }) => id.startsWith(prefix));
  if (second !== undefined) {
    throw new BoxError('INVALID_REQUEST', `${kind} id ${prefix} is ambiguous: give more of it`);
  }
  return first;
}
