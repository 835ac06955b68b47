/**
 * The undo stack of a multi-step operation. Push the way back as soon as a step is done; if a later step fails,
 * everything is taken back in reverse order, and a failing undo never stops the others.
 */
import { messageOf } from '../errors.ts';

interface UndoStep {
  readonly name: string;
  readonly undo: () => Promise<void>;
}

export interface UndoLog {
  warn(facts: Readonly<Record<string, unknown>>, message: string): void;
}

export class UndoStack {
  readonly #steps: UndoStep[] = [];

  /** Registers how to take back the step just done (or about to be done, if a half-done step must be cleaned up too). */
  push(name: string, undo: () => Promise<void>): void {
    this.#steps.push({ name, undo });
  }

  /** Takes everything back, newest first. */
  async unwind(log: UndoLog): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step.undo();
      } catch (error) {
        log.warn({ step: step.name, error: messageOf(error) }, 'undo step failed');
      }
    }
  }
}

/** Runs `work`; if it throws, unwinds what it pushed and rethrows. */
export async function withUndo<T>(log: UndoLog, work: (undo: UndoStack) => Promise<T>): Promise<T> {
  const undo = new UndoStack();
  try {
    return await work(undo);
  } catch (error) {
    await undo.unwind(log);
    throw error;
  }
}
