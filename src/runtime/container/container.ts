/**
 * One container in memory: its record, its log pump, the promise of its end.
 *
 * INVARIANTS
 * - States only go CREATED → RUNNING → EXITED, or CREATED → EXITED; each change is on disk before anyone is told. Only an end
 *   counts even if it cannot be written: what has ended has ended, and the next to ask for its end writes it again.
 * - `ended` resolves once, after the record says EXITED and the log was drained (or nothing came of it any more).
 * - Whoever listens is told STARTED before STOPPED, however the guest's answer and its event overtake each other.
 * - `turns` orders create, start and remove; stop takes no turn, so that a second stop can shorten the first one's grace. Who needs
 *   the sandbox's turn as well takes that first: the other way round two would wait for each other.
 */
import { BoxError } from '../../errors.ts';
import type { Exited__Output } from '../../guest-client/generated/a3s/guest/v1/Exited.ts';
import type { EventType } from '../events/event-hub.ts';
import type { LogPump } from '../logs/log-pump.ts';
import type { ContainerView, Resources } from '../model.ts';
import { KeptRecord } from '../store/kept-record.ts';
import { settlesWithin } from '../time.ts';
import { Turns } from '../turns.ts';
import { type ContainerEnd, type ContainerRecord, endReason } from './container-record.ts';

/** The log may lag behind the exit; if nothing of it comes for this long, the container is EXITED all the same. */
const DRAIN_STALL_MS = 10_000;

export class Container {
  readonly turns = new Turns();
  readonly ended: Promise<void>;
  readonly #kept: KeptRecord;
  readonly #tell: (type: EventType) => void;
  #record: ContainerRecord;
  #pump: LogPump | undefined;
  #resolveEnded: () => void = () => undefined;
  #ending = false;
  #toldStarted: boolean;
  /** Resolves with whether a start was taken back. */
  #takenBack: Promise<boolean> | undefined;

  /** `tell` is called after each change of state that events speak of. */
  constructor(record: ContainerRecord, recordPath: string, tell: (type: EventType) => void = () => undefined) {
    this.#record = record;
    this.#kept = new KeptRecord(recordPath, () => this.#record);
    this.#tell = (type) => {
      if (!this.#kept.deleted) tell(type);
    };
    this.#toldStarted = record.state === 'RUNNING';
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    if (record.state === 'EXITED') this.#resolveEnded();
  }

  get id(): string {
    return this.#record.id;
  }

  get record(): ContainerRecord {
    return this.#record;
  }

  view(): ContainerView {
    const { version: _, user, ...rest } = this.#record;
    return user === undefined ? rest : { ...rest, user };
  }

  /** CONTAINER_STATE unless it is RUNNING; `what` it would do if it were. */
  requireRunning(what: string): void {
    if (this.#record.state === 'RUNNING') return;
    throw new BoxError(
      'CONTAINER_STATE',
      `container ${this.id} is ${this.#record.state}: only a RUNNING one can ${what}`,
    );
  }

  get hasLog(): boolean {
    return this.#pump !== undefined;
  }

  attachLog(pump: LogPump): void {
    this.#pump = pump;
  }

  /** See LogPump.reopen; CONTAINER_STATE unless it runs. */
  async reopenLog(): Promise<void> {
    if (this.#record.state !== 'RUNNING' || this.#pump === undefined) {
      throw new BoxError(
        'CONTAINER_STATE',
        `container ${this.id} is ${this.#record.state}: only the log of a RUNNING one can be reopened`,
      );
    }
    await this.#pump.reopen();
  }

  /** Stops copying the log; the guest keeps what was not written. */
  detachLog(): void {
    this.#pump?.stop();
  }

  async save(): Promise<void> {
    await this.#kept.save();
  }

  /** Deletes its record. What is told of it later (an exit on its way, say) is neither recorded nor told on. */
  async forget(): Promise<void> {
    await this.#kept.delete();
  }

  /** The guest has started the process; it may have ended again already. */
  async markStarted(startedAt: string): Promise<void> {
    const state = this.#record.state === 'CREATED' ? 'RUNNING' : this.#record.state;
    this.#record = { ...this.#record, state, startedAt };
    await this.save();
    // one that ended meanwhile has been told of in full
    if (this.#record.state === 'RUNNING') this.#tellStarted();
  }

  /** Records limits, undefined for none; if that fails, the old ones go on being shown. */
  async setResources(resources: Resources | undefined): Promise<void> {
    const { config } = this.#record;
    this.#record = { ...this.#record, config: { ...config, resources } };
    try {
      await this.save();
    } catch (error) {
      this.#record = { ...this.#record, config };
      throw error;
    }
  }

  /**
   * Waits for `killing`, which takes back a start that must not come true. The end of a process that the guest reports meanwhile, or
   * later, is that killing's, and the caller says how the container has ended; unless it rejects: then it counts as any other.
   */
  async takeBack(killing: Promise<void>): Promise<void> {
    this.#takenBack = killing.then(
      () => true,
      () => false,
    );
    await killing;
  }

  /** The guest has reported the end of the process. */
  async markExited(event: Exited__Output): Promise<void> {
    if (this.#takenBack !== undefined && (await this.#takenBack)) return;
    this.#tellStarted();
    await this.end({
      exitCode: event.exitCode,
      reason: endReason(event.exitCode, event.oomKilled),
      message: '',
      finishedAt: event.exitedAtNs,
    });
  }

  /** Makes it EXITED, and rejects if that cannot be recorded; the first end that is told counts. */
  async end(end: ContainerEnd): Promise<void> {
    if (this.#ending || this.#record.state === 'EXITED') {
      await this.ended;
      return this.#kept.catchUp();
    }
    this.#ending = true;
    await this.#drainLog();
    this.#record = { ...this.#record, state: 'EXITED', ...end };
    try {
      await this.save();
    } finally {
      this.#tell('STOPPED');
      this.#resolveEnded();
    }
  }

  #tellStarted(): void {
    if (this.#toldStarted) return;
    this.#toldStarted = true;
    this.#tell('STARTED');
  }

  async #drainLog(): Promise<void> {
    const pump = this.#pump;
    if (pump === undefined) return;
    for (let seen = -1; seen !== pump.written; ) {
      seen = pump.written;
      if (await settlesWithin(pump.drained, DRAIN_STALL_MS)) return;
    }
  }
}
