/** ExecSync: one process, its output up to a cap, its exit code. */
import { BoxError } from '../../errors.ts';
import type { RunExited__Output } from '../../guest-client/generated/a3s/guest/v1/RunExited.ts';
import type { RunResponse__Output } from '../../guest-client/generated/a3s/guest/v1/RunResponse.ts';
import { guestError, isServiceError } from '../../guest-client/guest-error.ts';
import type { RuntimeContext } from '../context.ts';
import type { ExecResult } from '../model.ts';
import { NANOS_PER_MILLI, timerMillis } from '../time.ts';
import { CappedOutput } from './capped-output.ts';

/**
 * The reply must fit the 16 MiB message that kubelet and crictl accept, both streams and framing together; what comes
 * beyond is read and dropped, and the process runs on (CVE-2022-1708).
 */
export const OUTPUT_CAP = 16 * 1024 * 1024 - 64 * 1024;
/** The guest keeps the time limit; this much later the daemon gives up on the guest. */
const GUEST_SLACK_MS = 10_000;

export async function execSync(
  context: Pick<RuntimeContext, 'index'>,
  id: string,
  command: readonly string[],
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<ExecResult> {
  const { sandbox, container } = context.index.getContainer(id);
  container.requireRunning('execute a command');
  const overdue = timeoutSeconds > 0 ? AbortSignal.timeout(timerMillis(timeoutSeconds, GUEST_SLACK_MS)) : undefined;
  const stream = sandbox.vm().guest.run();
  const cancel = (): void => stream.cancel();
  for (const source of [signal, overdue]) source?.addEventListener('abort', cancel, { once: true });
  try {
    stream.write({
      start: {
        containerId: container.id,
        args: [...command],
        timeoutNs: (BigInt(timerMillis(timeoutSeconds)) * NANOS_PER_MILLI).toString(),
      },
    });
    stream.end();
    return await collect(stream as AsyncIterable<RunResponse__Output>, container.id, command, timeoutSeconds);
  } catch (error) {
    // the stream was cancelled, and says so: but kubelet counts a probe as failed only if its time is over
    if (overdue?.aborted) throw notEnded(command, container.id, timeoutSeconds, error);
    throw isServiceError(error) ? guestError(error, 'Run', 'EXEC_FAILED') : error;
  } finally {
    for (const source of [signal, overdue]) source?.removeEventListener('abort', cancel);
  }
}

async function collect(
  responses: AsyncIterable<RunResponse__Output>,
  containerId: string,
  command: readonly string[],
  timeoutSeconds: number,
): Promise<ExecResult> {
  const output = new CappedOutput(OUTPUT_CAP);
  let end: RunExited__Output | undefined;
  // to the stream's own end, which is under way with the exit code: a stream that is left early is torn down at some cost
  for await (const { stdout, stderr, exited } of responses) {
    if (stdout) output.add('stdout', stdout);
    if (stderr) output.add('stderr', stderr);
    end = exited ?? end;
  }
  const program = JSON.stringify(command[0]);
  if (end === undefined)
    throw new BoxError('GUEST_ANSWER', `the guest ended the output of ${program} without an exit code`);
  if (end.timedOut) {
    throw new BoxError(
      'DEADLINE',
      `${program} in container ${containerId} ran longer than ${timeoutSeconds} s and was killed`,
    );
  }
  return { stdout: output.stdout(), stderr: output.stderr(), exitCode: end.exitCode };
}

function notEnded(command: readonly string[], containerId: string, timeoutSeconds: number, cause: unknown): BoxError {
  return new BoxError(
    'DEADLINE',
    `${JSON.stringify(command[0])} in container ${containerId} has not ended ${timeoutSeconds} s after its start, nor could its guest kill it: look at the storage it uses`,
    { cause },
  );
}
