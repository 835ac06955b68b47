/** What handlers of streaming calls speak to: one container in one sandbox, and nothing that such calls do not use. */
import type { Cores } from '../cri/handler.ts';
import type { StreamingRequest } from '../cri/streaming/streaming-request.ts';
import { BoxError } from '../errors.ts';
import type { ContainerState, ContainerView, SandboxState, SandboxView } from '../runtime/model.ts';
import type { RuntimeService } from '../runtime/runtime-service.ts';

export const CONTAINER = 'container-1';
export const SANDBOX = 'sandbox-1';

/** Knows both by any prefix of their ids. */
export function fakeRuntime(container: ContainerState, sandbox: SandboxState): RuntimeService {
  const runtime: Partial<RuntimeService> = {
    container: (id) => {
      if (!CONTAINER.startsWith(id)) throw new BoxError('CONTAINER_NOT_FOUND', `no container ${id}`);
      return { id: CONTAINER, state: container } as ContainerView;
    },
    sandbox: (id) => {
      if (!SANDBOX.startsWith(id)) throw new BoxError('SANDBOX_NOT_FOUND', `no sandbox ${id}`);
      return { id: SANDBOX, state: sandbox } as SandboxView;
    },
  };
  return runtime as RuntimeService;
}

/** Every URL that is asked for is kept. */
export function streamingCores(
  container: ContainerState = 'RUNNING',
  sandbox: SandboxState = 'READY',
): { readonly cores: Cores; readonly asked: readonly StreamingRequest[] } {
  const asked: StreamingRequest[] = [];
  const streaming = {
    url: (request: StreamingRequest): string => {
      asked.push(request);
      return `http://127.0.0.1:1/${request.kind}/token`;
    },
  };
  const cores = { runtime: fakeRuntime(container, sandbox), streaming, version: 'test' };
  return { cores: cores as unknown as Cores, asked };
}
