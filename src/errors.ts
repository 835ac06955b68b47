/**
 * The one table of errors: every reason the daemon can give, and the gRPC status kubelet must see for it.
 * Messages are written where the error is thrown: lower-case, no full stop, with the id or path and what to do.
 */
export const errorTable = {
  // what the caller asked for
  INVALID_REQUEST: 'INVALID_ARGUMENT',
  INVALID_REFERENCE: 'INVALID_ARGUMENT',
  UNKNOWN_HANDLER: 'INVALID_ARGUMENT',
  NOT_SUPPORTED: 'INVALID_ARGUMENT',
  NOT_BUILT: 'UNIMPLEMENTED',
  SANDBOX_NOT_FOUND: 'NOT_FOUND',
  CONTAINER_NOT_FOUND: 'NOT_FOUND',
  IMAGE_NOT_FOUND: 'NOT_FOUND',
  NAME_RESERVED: 'ALREADY_EXISTS',
  SANDBOX_NOT_READY: 'FAILED_PRECONDITION',
  CONTAINER_STATE: 'FAILED_PRECONDITION',
  MOUNT_SOURCE: 'INVALID_ARGUMENT',
  IMAGE_VOLUME_FAILED: 'FAILED_PRECONDITION',
  VM_TOO_SMALL: 'FAILED_PRECONDITION',
  PROFILE_INVALID: 'INVALID_ARGUMENT',
  CANCELLED: 'CANCELLED',
  STOPPING: 'UNAVAILABLE',
  EVENTS_LOST: 'RESOURCE_EXHAUSTED',
  DEADLINE: 'DEADLINE_EXCEEDED',
  TOO_MANY_STREAMS: 'RESOURCE_EXHAUSTED',
  // images
  REGISTRY_UNAVAILABLE: 'UNAVAILABLE',
  REGISTRY_DENIED: 'PERMISSION_DENIED',
  REGISTRY_ANSWER: 'UNKNOWN',
  MANIFEST_INVALID: 'FAILED_PRECONDITION',
  DIGEST_MISMATCH: 'FAILED_PRECONDITION',
  LAYER_INVALID: 'FAILED_PRECONDITION',
  LAYER_LIMIT: 'RESOURCE_EXHAUSTED',
  DISK_FULL: 'RESOURCE_EXHAUSTED',
  // the machine and the VM
  HOST_FULL: 'RESOURCE_EXHAUSTED',
  CGROUP_FAILED: 'INTERNAL',
  NETWORK_NOT_READY: 'FAILED_PRECONDITION',
  NETWORK_FAILED: 'INTERNAL',
  CONFIG_INVALID: 'INVALID_ARGUMENT',
  SOCKET_TAKEN: 'FAILED_PRECONDITION',
  KVM_UNUSABLE: 'FAILED_PRECONDITION',
  KERNEL_MISSING: 'FAILED_PRECONDITION',
  HOST_COMMAND: 'INTERNAL',
  BOOT_FAILED: 'INTERNAL',
  GUEST_GONE: 'UNAVAILABLE',
  GUEST_ANSWER: 'INTERNAL',
  START_FAILED: 'UNKNOWN',
  EXEC_FAILED: 'UNKNOWN',
  // streams
  CLIENT_TOO_SLOW: 'ABORTED',
  FORWARD_FAILED: 'UNAVAILABLE',
  RECORD_INVALID: 'INTERNAL',
  INTERNAL: 'INTERNAL',
} as const;

export type ErrorReason = keyof typeof errorTable;
export type ErrorCode = (typeof errorTable)[ErrorReason];

/** An error the daemon means to give: `reason` is stable, `code` is the gRPC status name it maps to. */
export class BoxError extends Error {
  override readonly name = 'BoxError';
  readonly reason: ErrorReason;

  constructor(reason: ErrorReason, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.reason = reason;
  }

  get code(): ErrorCode {
    return errorTable[this.reason];
  }
}

/** True for a BoxError of one of the reasons. */
export function isBoxError(error: unknown, ...reasons: readonly ErrorReason[]): error is BoxError {
  return error instanceof BoxError && (reasons.length === 0 || reasons.includes(error.reason));
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The errno name (`ENOENT`, `EADDRINUSE`…) of a Node system error, or undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}
