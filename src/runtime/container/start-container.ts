/** StartContainer: the log is being written before the process runs. */
import { BoxError, isBoxError, messageOf } from '../../errors.ts';
import { failpoint } from '../../failpoints/failpoint.ts';
import type { StartContainerResponse__Output } from '../../guest-client/generated/a3s/guest/v1/StartContainerResponse.ts';
import type { RuntimeContext } from '../context.ts';
import type { Log } from '../log.ts';
import type { LogPosition } from '../logs/log-position.ts';
import { LogPump } from '../logs/log-pump.ts';
import { logPositionPath } from '../paths.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { nowNanos } from '../time.ts';
import type { Container } from './container.ts';
import { EXIT_CODE_START_FAILED } from './container-record.ts';
import { removeFromGuest } from './remove-container.ts';

/**
 * Fine with one that runs: whoever started it may have got no answer. CONTAINER_STATE if it has ended; START_FAILED (and the
 * container EXITED 128, StartError) if its program cannot run, DEADLINE (and EXITED as well) if the guest does not say what came of
 * it. After any other error it is CREATED as before, and the same call may succeed.
 */
export async function startContainer(context: Pick<RuntimeContext, 'index' | 'log'>, id: string): Promise<void> {
  await context.index.inTurn(id, async (sandbox, container) => {
    if (container.record.state === 'RUNNING') return;
    if (container.record.state === 'EXITED') {
      throw new BoxError('CONTAINER_STATE', `container ${container.id} is EXITED: only a CREATED one can be started`);
    }
    // a start that failed on the way has left its log: two pumps would write everything twice
    if (!container.hasLog) await pumpLog(context, sandbox, container);
    await failpoint('start.log-opened');
    const { startedAtNs } = await startInGuest(context.log, sandbox, container);
    await failpoint('start.started-in-guest');
    await container.markStarted(startedAtNs);
    await failpoint('start.recorded');
  });
}

/**
 * What must never run any more is EXITED when this rejects. Of the errors of an unknown outcome that is only the deadline of this
 * one call: the guest brings the start to its end although nobody waits, and kubelet, which asks no second time for this container,
 * makes another beside it. All else leaves it CREATED: before this call nothing has begun, behind it (a failpoint, the record) the
 * guest tells whoever asks again, a daemon that dies is followed by one that asks (recovery), and a VM that is gone starts nothing.
 */
async function startInGuest(log: Log, sandbox: Sandbox, container: Container): Promise<StartContainerResponse__Output> {
  try {
    return await sandbox.vm().guest.startContainer(container.id);
  } catch (error) {
    if (isBoxError(error, 'START_FAILED')) await startFailed(container, error.message);
    if (isBoxError(error, 'DEADLINE') && (await takenBack(log, sandbox, container)))
      await startFailed(container, error.message);
    throw error;
  }
}

/** Removes it in the guest, which kills what the start has made so far. False if that fails too: it stays CREATED, for it may yet run. */
async function takenBack(log: Log, sandbox: Sandbox, container: Container): Promise<boolean> {
  try {
    await container.takeBack(removeFromGuest(sandbox, container.id));
    return true;
  } catch (error) {
    const facts = { sandboxId: sandbox.id, containerId: container.id, error: messageOf(error) };
    log.error(facts, 'a start that the guest does not answer could not be taken back: the container may run yet');
    return false;
  }
}

/** Copies the container's output to its log: all of it, or what lies behind `recorded`. */
export async function pumpLog(
  context: Pick<RuntimeContext, 'log'>,
  sandbox: Sandbox,
  container: Container,
  recorded?: LogPosition,
): Promise<void> {
  const options = {
    guest: sandbox.vm().guest,
    containerId: container.id,
    logPath: container.record.logPath,
    positionPath: logPositionPath(sandbox.paths, container.id),
    log: context.log,
  };
  container.attachLog(await (recorded === undefined ? LogPump.start(options) : LogPump.resume(options, recorded)));
}

async function startFailed(container: Container, message: string): Promise<void> {
  await container.end({
    exitCode: EXIT_CODE_START_FAILED,
    reason: 'StartError',
    message,
    finishedAt: nowNanos(),
  });
}
