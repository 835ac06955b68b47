/** One step of a start on its own: what fails is logged, and blocks nothing. */
import { messageOf } from '../errors.ts';
import type { Log } from './log.ts';

/** `failed` says what was not done; kubelet, or the next start, tries again. */
export async function attempt(
  log: Log,
  facts: Readonly<Record<string, unknown>>,
  failed: string,
  step: () => Promise<unknown>,
): Promise<void> {
  try {
    await step();
  } catch (error) {
    log.error({ ...facts, error: messageOf(error) }, failed);
  }
}
