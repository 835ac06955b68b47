import { BoxError } from '../../errors.ts';
import type { PortForwardRequest__Output } from '../generated/runtime/v1/PortForwardRequest.ts';
import type { PortForwardResponse } from '../generated/runtime/v1/PortForwardResponse.ts';
import type { Cores, Handler } from '../handler.ts';

const MAX_PORT = 65_535;

/** Answers with a URL. No ports is the normal case: SPDY clients name one with each connection. */
export function portForward({ runtime, streaming }: Cores): Handler<PortForwardRequest__Output, PortForwardResponse> {
  return ({ podSandboxId, port: ports }) => {
    if (podSandboxId === '') {
      throw new BoxError('INVALID_REQUEST', 'the request names no sandbox: set pod_sandbox_id');
    }
    const wrong = ports.find((port) => port < 1 || port > MAX_PORT);
    if (wrong !== undefined) throw new BoxError('INVALID_REQUEST', `${wrong} is no port: use 1 to ${MAX_PORT}`);
    const { id, state } = runtime.sandbox(podSandboxId);
    if (state !== 'READY') throw new BoxError('SANDBOX_NOT_READY', `sandbox ${id} is ${state}: run it again first`);
    return { url: streaming.url({ kind: 'portforward', sandboxId: id, ports }) };
  };
}
