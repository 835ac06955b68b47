/** A record that changes, and its file. */
import { Turns } from '../turns.ts';
import { deleteRecord, writeRecord } from './record-file.ts';

/**
 * INVARIANT: writes take turns, and each writes what is true at its turn: the file never goes back. Once deleted it is never
 * written again, whatever is still saved.
 */
export class KeptRecord {
  readonly #path: string;
  readonly #current: () => unknown;
  readonly #turns = new Turns();
  #behind = false;
  #deleted = false;

  /** `current` is the record as it is now. */
  constructor(path: string, current: () => unknown) {
    this.#path = path;
    this.#current = current;
  }

  get deleted(): boolean {
    return this.#deleted;
  }

  async save(): Promise<void> {
    await this.#turns.take(() => this.#write());
  }

  /** Saves again what could not be saved the last time. */
  async catchUp(): Promise<void> {
    await this.#turns.take(async () => {
      if (this.#behind) await this.#write();
    });
  }

  async delete(): Promise<void> {
    await this.#turns.take(async () => {
      await deleteRecord(this.#path);
      this.#deleted = true;
    });
  }

  async #write(): Promise<void> {
    if (this.#deleted) return;
    this.#behind = true;
    await writeRecord(this.#path, this.#current());
    this.#behind = false;
  }
}
