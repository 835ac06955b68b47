/** StartContainer: the log is being written before the process runs. */
import { BoxError, isBoxError, messageOf } from '../../errors.ts';
import { failpoint } from '../../failpoints/failpoint.ts';
import type { RuntimeContext } from '../context.ts';
import type { LogPosition } from '../logs/log-position.ts';
import { LogPump } from '../logs/log-pump.ts';
import { logPositionPath } from '../paths.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { nowNanos } from '../time.ts';
import type { Container } from './container.ts';
import { EXIT_CODE_START_FAILED } from './container-record.ts';

/**
 * Fine with one that runs: whoever started it may have got no answer. CONTAINER_STATE if it has ended; START_FAILED (and the
 * container EXITED 128, StartError) if its program cannot run.
 */
export async function startContainer(context: Pick<RuntimeContext, 'index' | 'log'>, id: string): Promise<void> {
  await context.index.inTurn(id, async (sandbox, container) => {
    if (container.record.state === 'RUNNING') return;
    if (container.record.state === 'EXITED') {
      throw new BoxError('CONTAINER_STATE', `container ${container.id} is EXITED: only a CREATED one can be started`);
    }
    const { guest } = sandbox.vm();
    // a start that failed on the way has left its log: two pumps would write everything twice
    if (!container.hasLog) await pumpLog(context, sandbox, container);
    await failpoint('start.log-opened');
    try {
      const { startedAtNs } = await guest.startContainer(container.id);
      await failpoint('start.started-in-guest');
      await container.markStarted(startedAtNs);
      await failpoint('start.recorded');
    } catch (error) {
      if (isBoxError(error, 'START_FAILED')) await startFailed(container, error.message);
      throw error;
    }
  });
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
    message: messageOf(message),
    finishedAt: nowNanos(),
  });
}
