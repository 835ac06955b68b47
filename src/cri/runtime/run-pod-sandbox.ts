import { BoxError } from '../../errors.ts';
import { toSandboxConfig } from '../convert/sandbox-config.ts';
import type { RunPodSandboxRequest__Output } from '../generated/runtime/v1/RunPodSandboxRequest.ts';
import type { RunPodSandboxResponse } from '../generated/runtime/v1/RunPodSandboxResponse.ts';
import type { Cores, Handler } from '../handler.ts';
import { RUNTIME_HANDLERS } from '../runtime-handlers.ts';

/** READY on return. The same request again gives the same id. */
export function runPodSandbox({ runtime }: Cores): Handler<RunPodSandboxRequest__Output, RunPodSandboxResponse> {
  return async ({ config, runtimeHandler }, signal) => {
    if (!RUNTIME_HANDLERS.includes(runtimeHandler)) {
      throw new BoxError(
        'UNKNOWN_HANDLER',
        `runtime handler ${runtimeHandler} is not known: this runtime has "" and "a3s-box"`,
      );
    }
    return { podSandboxId: await runtime.runSandbox(toSandboxConfig(config), runtimeHandler, signal) };
  };
}
