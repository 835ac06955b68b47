/**
 * How the end of a command is told on the error stream: since v4 as a Kubernetes `Status` (k8s.io/apimachinery
 * pkg/util/remotecommand), before that as text, where no text is success. Pure.
 */

export type CommandOutcome =
  | { readonly kind: 'exited'; readonly exitCode: number }
  | { readonly kind: 'failed'; readonly message: string };

/** Clients read the exit code as one byte. */
const MAX_EXIT_CODE = 255;

export function formatOutcome(outcome: CommandOutcome, format: 'json' | 'text'): Buffer {
  return Buffer.from(format === 'json' ? JSON.stringify(toStatus(outcome)) : toText(outcome));
}

function toText(outcome: CommandOutcome): string {
  if (outcome.kind === 'failed') return outcome.message;
  return outcome.exitCode === 0 ? '' : exitMessage(outcome.exitCode);
}

function toStatus(outcome: CommandOutcome): object {
  if (outcome.kind === 'failed') return internalError(outcome.message);
  const { exitCode } = outcome;
  if (exitCode === 0) return { metadata: {}, status: 'Success' };
  if (!Number.isInteger(exitCode) || exitCode < 0 || exitCode > MAX_EXIT_CODE) {
    return internalError(`the command ended with ${exitCode}, which is no exit code`);
  }
  return {
    metadata: {},
    status: 'Failure',
    message: exitMessage(exitCode),
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}

function internalError(message: string): object {
  return {
    metadata: {},
    status: 'Failure',
    message,
    reason: 'InternalError',
    details: { causes: [{ message }] },
    code: 500,
  };
}

function exitMessage(exitCode: number): string {
  return `command terminated with non-zero exit code: ${exitCode}`;
}
