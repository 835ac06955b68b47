/** guest-init's gRPC errors in the daemon's words. */
import { type ServiceError, status } from '@grpc/grpc-js';
import { BoxError, type ErrorReason } from '../errors.ts';

/** `refused` is what INVALID_ARGUMENT means for this call: the guest understood it and cannot do it. */
export function guestError(error: ServiceError, call: string, refused: ErrorReason, code = error.code): BoxError {
  return new BoxError(reasonFor(code, refused), messageFor(code, error.details, call), { cause: error });
}

/** The same of a unary call, which only its deadline cancels: the guest keeps that too, and says CANCELLED (tonic) if it is ahead. */
export function unaryError(error: ServiceError, call: string, refused: ErrorReason): BoxError {
  return guestError(error, call, refused, error.code === status.CANCELLED ? status.DEADLINE_EXCEEDED : error.code);
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
function messageFor(code: status, details: string, call: string): string {
  switch (code) {
    case status.INVALID_ARGUMENT:
    case status.FAILED_PRECONDITION:
    case status.NOT_FOUND:
    case status.ABORTED:
    case status.UNIMPLEMENTED:
      return details;
    case status.UNAVAILABLE:
      return `the sandbox's VM is gone (${call}: ${details})`;
    case status.DEADLINE_EXCEEDED:
      return `the sandbox's guest-init did not answer ${call} in time`;
    default:
      return `${call} in the guest failed: ${details}`;
  }
}

/** True for what grpc-js calls back or emits with. */
export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}
