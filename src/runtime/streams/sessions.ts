/**
 * The stream sessions of one sandbox: exec, attach, port-forward.
 *
 * INVARIANTS
 * - There are never more than MAX_SESSIONS: each costs a vsock connection and descriptors in the VMM and in the guest.
 * - When the VM or the daemon ends, every session ends with a reason.
 */
import { BoxError } from '../../errors.ts';

export const MAX_SESSIONS = 128;

export interface Session {
  /** Resolves when the guest has said that the stream is open; rejects if it ends before. */
  readonly opened: Promise<void>;
  /** Ends it from outside. Repeatable. */
  fail(reason: BoxError): void;
}

export class Sessions {
  readonly #sandboxId: string;
  readonly #open = new Set<Session>();

  constructor(sandboxId: string) {
    this.#sandboxId = sandboxId;
  }

  get count(): number {
    return this.#open.size;
  }

  /**
   * Makes a session and waits until it is open. The session calls `left`, after it was made, when it has ended; the signal ends
   * it at any time. TOO_MANY_STREAMS if the sandbox has too many.
   */
  async open<T extends Session>(signal: AbortSignal, make: (left: () => void) => T): Promise<T> {
    if (signal.aborted) throw clientLeft();
    if (this.#open.size >= MAX_SESSIONS) {
      throw new BoxError(
        'TOO_MANY_STREAMS',
        `sandbox ${this.#sandboxId} has ${MAX_SESSIONS} exec, attach and port-forward streams open: close some`,
      );
    }
    const giveUp = (): void => session.fail(clientLeft());
    const session: T = make(() => {
      signal.removeEventListener('abort', giveUp);
      this.#open.delete(session);
    });
    this.#open.add(session);
    signal.addEventListener('abort', giveUp, { once: true });
    await session.opened;
    return session;
  }

  endAll(reason: BoxError): void {
    for (const session of this.#open) session.fail(reason);
  }
}

function clientLeft(): BoxError {
  return new BoxError('CANCELLED', 'the client has left');
}
