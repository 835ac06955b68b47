/** Domain errors → gRPC status, in one place. */
import { status } from '@grpc/grpc-js';
import { BoxError, type ErrorReason, messageOf } from '../errors.ts';

/**
 * Prefixes that kubelet's image manager looks for (cri-api pkg/errors); it sees them only on code UNKNOWN, where the client
 * unwraps the bare message.
 */
const KUBELET_PREFIX: Partial<Record<ErrorReason, string>> = { REGISTRY_UNAVAILABLE: 'RegistryUnavailable' };

export interface GrpcError {
  readonly code: status;
  readonly details: string;
}

/** An error nobody meant to give is INTERNAL; its message still reaches the user. */
export function toGrpcError(method: string, error: unknown): GrpcError {
  if (!(error instanceof BoxError)) return { code: status.INTERNAL, details: messageOf(error) };
  const prefix = KUBELET_PREFIX[error.reason];
  if (method === 'PullImage' && prefix !== undefined)
    return { code: status.UNKNOWN, details: `${prefix}: ${error.message}` };
  return { code: status[error.code], details: error.message };
}
