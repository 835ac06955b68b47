import type { VersionRequest__Output } from '../generated/runtime/v1/VersionRequest.ts';
import type { VersionResponse } from '../generated/runtime/v1/VersionResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** The kubelet API's version, as containerd and CRI-O answer it. */
const KUBELET_API_VERSION = '0.1.0';

/** The client's hello: no field may be empty. */
export function version({ version: release }: Cores): Handler<VersionRequest__Output, VersionResponse> {
  return () => ({
    version: KUBELET_API_VERSION,
    runtimeName: 'a3s-box',
    runtimeVersion: release,
    runtimeApiVersion: 'v1',
  });
}
