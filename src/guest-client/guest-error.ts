/** guest-init's gRPC errors in the daemon's words. */
import { type ServiceError, status } from '@grpc/grpc-js';
import { BoxError, type ErrorReason } from '../errors.ts';

/** `refused` is what INVALID_ARGUMENT means for this call: the guest understood it and cannot do it. */
export function guestError(error: ServiceError, call: string, refused: ErrorReason): BoxError {
  return new BoxError(reasonFor(error.code, refused), messageFor(error, call), { cause: error });
}

function reasonFor(code: status, refused: ErrorReason): ErrorReason {
  switch (code) {
    case status.INVALID_ARGUMENT:
      return refused;
    case status.NOT_FOUND:
      return 'CONTAINER_NOT_FOUND';
    case status.FAILED_PRECONDITION:
      return 'CONTAINER_STATE';
    case status.DEADLINE_EXCEEDED:
      return 'DEADLINE';
    case status.CANCELLED:
      return 'CANCELLED';
    case status.UNAVAILABLE:
      return 'GUEST_GONE';
    case status.ABORTED:
      return 'CLIENT_TOO_SLOW';
    case status.UNIMPLEMENTED:
      return 'NOT_BUILT';
    default:
      return 'GUEST_ANSWER';
  }
}

/** The guest's sentence as it is where it speaks to the user; otherwise with the call that failed. */
function messageFor(error: ServiceError, call: string): string {
  switch (error.code) {
    case status.INVALID_ARGUMENT:
    case status.FAILED_PRECONDITION:
    case status.NOT_FOUND:
    case status.ABORTED:
    case status.UNIMPLEMENTED:
      return error.details;
    case status.UNAVAILABLE:
      return `the sandbox's VM is gone (${call}: ${error.details})`;
    case status.DEADLINE_EXCEEDED:
      return `the sandbox's guest-init did not answer ${call} in time`;
    default:
      return `${call} in the guest failed: ${error.details}`;
  }
}

/** True for what grpc-js calls back or emits with. */
export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}
