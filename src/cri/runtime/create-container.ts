import { toContainerConfig } from '../convert/container-config.ts';
import type { CreateContainerRequest__Output } from '../generated/runtime/v1/CreateContainerRequest.ts';
import type { CreateContainerResponse } from '../generated/runtime/v1/CreateContainerResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** The sandbox's configuration is the one it was run with; the copy in this request is not looked at. */
export function createContainer({ runtime }: Cores): Handler<CreateContainerRequest__Output, CreateContainerResponse> {
  return async ({ podSandboxId, config }, signal) => ({
    containerId: await runtime.createContainer(podSandboxId, toContainerConfig(config), signal),
  });
}
