/** StartContainer: the log is being written before the process runs. */
import { BoxError, isBoxError, messageOf } from '../../errors.ts';
import type { RuntimeContext } from '../context.ts';
import { type LogPosition, START } from '../logs/log-position.ts';
import { LogPump } from '../logs/log-pump.ts';
import { logPositionPath } from '../paths.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { nowNanos } from '../time.ts';
import type { Container } from './container.ts';
import { EXIT_CODE_START_FAILED } from './container-record.ts';

/** CONTAINER_STATE unless it is CREATED; START_FAILED (and the container EXITED 128, StartError) if its program cannot run. */
export async function startContainer(context: RuntimeContext, id: string): Promise<void> {
  const { sandbox, container } = context.index.getContainer(id);
  await container.turns.take(async () => {
    if (container.record.state !== 'CREATED') {
      throw new BoxError(
        'CONTAINER_STATE',
        `container ${container.id} is ${container.record.state}: only a CREATED one can be started`,
      );
    }
    const { guest } = sandbox.vm();
    await pumpLog(context, sandbox, container, START);
    try {
      const { startedAtNs } = await guest.startContainer(container.id);
      await container.markStarted(startedAtNs);
    } catch (error) {
      if (isBoxError(error, 'START_FAILED')) await startFailed(container, error.message);
      throw error;
    }
  });
}

/** Copies the container's output to its log, from `position` on. */
export async function pumpLog(
  context: RuntimeContext,
  sandbox: Sandbox,
  container: Container,
  position: LogPosition,
): Promise<void> {
  container.attachLog(
    await LogPump.start({
      guest: sandbox.vm().guest,
      containerId: container.id,
      logPath: container.record.logPath,
      positionPath: logPositionPath(sandbox.paths, container.id),
      position,
      log: context.log,
    }),
  );
}

async function startFailed(container: Container, message: string): Promise<void> {
  await container.end({
    exitCode: EXIT_CODE_START_FAILED,
    reason: 'StartError',
    message: messageOf(message),
    finishedAt: nowNanos(),
  });
}
