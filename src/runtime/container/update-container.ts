/** UpdateContainerResources: new limits in the guest's cgroup and on record, or neither. */
import { BoxError } from '../../errors.ts';
import type { RuntimeContext } from '../context.ts';
import type { Resources } from '../model.ts';
import { mergeResources, ociResources } from '../oci-resources.ts';
import { withUndo } from '../undo.ts';
import { requireMemory } from '../vm-limits.ts';

/**
 * What `change` does not set stays. CONTAINER_STATE if it has exited, VM_TOO_SMALL for a memory limit beyond the VM,
 * INVALID_REQUEST if the guest refuses one (a memory limit below what the container holds, for one).
 */
export async function updateContainer(
  context: Pick<RuntimeContext, 'index' | 'log'>,
  id: string,
  change: Resources,
): Promise<void> {
  await context.index.inTurn(id, async (sandbox, container) => {
    const { state, config } = container.record;
    if (state === 'EXITED') {
      throw new BoxError('CONTAINER_STATE', `container ${container.id} is EXITED: its limits cannot be changed`);
    }
    const { box } = sandbox.record;
    const resources = mergeResources(config.resources, change);
    requireMemory(`container ${container.id}`, resources, box);
    const limits = ociResources(resources, box);
    const { guest } = sandbox.vm();
    await withUndo(context.log, async (undo) => {
      // the guest last: it sets all limits or none, and what a cgroup file held before only the kernel knows
      await container.setResources(resources);
      undo.push('limits on record', () => container.setResources(config.resources));
      await guest.updateContainer(container.id, limits);
    });
  });
}
