import type { RemovePodSandboxRequest__Output } from '../generated/runtime/v1/RemovePodSandboxRequest.ts';
import type { RemovePodSandboxResponse } from '../generated/runtime/v1/RemovePodSandboxResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** Idempotent; a READY sandbox is stopped first; an unknown id is OK. */
export function removePodSandbox({
  runtime,
}: Cores): Handler<RemovePodSandboxRequest__Output, RemovePodSandboxResponse> {
  return async ({ podSandboxId }) => {
    await runtime.removeSandbox(podSandboxId);
    return {};
  };
}
