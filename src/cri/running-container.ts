import { BoxError } from '../errors.ts';
import type { ContainerView } from '../runtime/model.ts';
import type { RuntimeService } from '../runtime/runtime-service.ts';

/** A container to speak to. INVALID_REQUEST without an id, CONTAINER_STATE if it does not run. */
export function runningContainer(runtime: RuntimeService, id: string): ContainerView {
  if (id === '') throw new BoxError('INVALID_REQUEST', 'the request names no container: set container_id');
  const container = runtime.container(id);
  if (container.state !== 'RUNNING') {
    throw new BoxError('CONTAINER_STATE', `container ${container.id} is ${container.state}: start it first`);
  }
  return container;
}
