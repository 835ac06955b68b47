import type { StatusRequest__Output } from '../generated/runtime/v1/StatusRequest.ts';
import type { StatusResponse } from '../generated/runtime/v1/StatusResponse.ts';
import type { Cores, Handler } from '../handler.ts';
import { RUNTIME_HANDLERS } from '../runtime-handlers.ts';

/** True conditions, measured now; every handler a RuntimeClass may name is listed, or kubelet refuses it. */
export function status({ runtime, version }: Cores): Handler<StatusRequest__Output, StatusResponse> {
  return async ({ verbose }) => {
    const conditions = await runtime.conditions();
    return {
      status: { conditions: conditions.map((condition) => ({ ...condition })) },
      runtimeHandlers: RUNTIME_HANDLERS.map((name) => ({
        name,
        features: { recursiveReadOnlyMounts: true, userNamespaces: false },
      })),
      features: { supplementalGroupsPolicy: true },
      ...(verbose ? { info: { config: JSON.stringify({ version, ...runtime.info() }) } } : {}),
    };
  };
}
