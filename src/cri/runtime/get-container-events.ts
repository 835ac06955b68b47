import type { RuntimeEvent } from '../../runtime/events/event-hub.ts';
import { toContainerStatus, toPodSandboxStatus } from '../convert/views.ts';
import type { ContainerEventResponse } from '../generated/runtime/v1/ContainerEventResponse.ts';
import type { GetEventsRequest__Output } from '../generated/runtime/v1/GetEventsRequest.ts';
import type { Cores, StreamHandler } from '../handler.ts';

/** From the call on, for ever, to as many clients as there are. What happens to a sandbox itself has its id as container_id. */
export function getContainerEvents({
  runtime,
}: Cores): StreamHandler<GetEventsRequest__Output, ContainerEventResponse> {
  return (_request, signal) => toEvents(runtime.events(signal));
}

async function* toEvents(events: AsyncIterable<RuntimeEvent>): AsyncGenerator<ContainerEventResponse> {
  for await (const event of events) yield toEvent(event);
}

function toEvent({ id, type, at, sandbox, containers }: RuntimeEvent): ContainerEventResponse {
  return {
    containerId: id,
    containerEventType: `CONTAINER_${type}_EVENT`,
    createdAt: at,
    podSandboxStatus: toPodSandboxStatus(sandbox),
    containersStatuses: containers.map(toContainerStatus),
  };
}
