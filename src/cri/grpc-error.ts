/** Domain errors → gRPC status, in one place. */
import { status } from '@grpc/grpc-js';
import { BoxError, type ErrorReason, messageOf } from '../errors.ts';

/**
 * Prefixes that kubelet looks for (cri-api pkg/errors). Its image manager sees them only on code UNKNOWN, where the client
 * unwraps the bare message.
 */
const PULL_PREFIX: Partial<Record<ErrorReason, string>> = { REGISTRY_UNAVAILABLE: 'RegistryUnavailable' };
const PREFIX: Partial<Record<ErrorReason, string>> = { IMAGE_VOLUME_FAILED: 'ImageVolumeMountFailed' };

export interface GrpcError {
  readonly code: status;
  readonly details: string;
}

/** An error nobody meant to give is INTERNAL; its message still reaches the user. */
export function toGrpcError(method: string, error: unknown): GrpcError {
  if (!(error instanceof BoxError)) return { code: status.INTERNAL, details: messageOf(error) };
  const pullPrefix = PULL_PREFIX[error.reason];
  if (method === 'PullImage' && pullPrefix !== undefined)
    return { code: status.UNKNOWN, details: `${pullPrefix}: ${error.message}` };
  const prefix = PREFIX[error.reason];
  return { code: status[error.code], details: prefix === undefined ? error.message : `${prefix}: ${error.message}` };
}
