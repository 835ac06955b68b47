/** Times of a call that a runtime may not have. */
import { status } from '@grpc/grpc-js';
import { timed } from './table.ts';

/** Milliseconds of `count` calls after `before` that do not count; undefined if the runtime answers UNIMPLEMENTED. */
export async function sample(
  count: number,
  work: () => Promise<unknown>,
  before = 1,
): Promise<readonly number[] | undefined> {
  try {
    for (let index = 0; index < before; index += 1) await work();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === status.UNIMPLEMENTED) return undefined;
    throw error;
  }
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) times.push(await timed(work));
  return times;
}
