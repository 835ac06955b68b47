/** ReopenContainerLog: the second half of kubelet's rotation, which has renamed the file before. */
import type { RuntimeContext } from '../context.ts';

/** CONTAINER_NOT_FOUND for an unknown id, CONTAINER_STATE (and no file) unless it runs. */
export async function reopenContainerLog(context: RuntimeContext, id: string): Promise<void> {
  await context.index.getContainer(id).container.reopenLog();
}
