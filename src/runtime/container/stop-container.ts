/** StopContainer: stop signal, grace, SIGKILL; it returns when the process is really gone. */
import { constants } from 'node:os';
import { BoxError, isBoxError, messageOf } from '../../errors.ts';
import type { RuntimeContext } from '../context.ts';
import type { Log } from '../log.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { settlesWithin, timerMillis } from '../time.ts';
import type { Container } from './container.ts';
import { signalNumber } from './signals.ts';

const { SIGKILL } = constants.signals;
/** A SIGKILLed process of a healthy guest is gone in milliseconds; the rest is for draining its log. */
const KILL_LIMIT_MS = 30_000;

/** Unknown id or not running: nothing to do. `timeoutSeconds` 0 kills at once. */
export async function stopContainer(context: RuntimeContext, id: string, timeoutSeconds: number): Promise<void> {
  const found = context.index.findContainer(id);
  if (found === undefined) return;
  const { sandbox, container } = found;
  if (container.record.state !== 'RUNNING') return;
  if (timeoutSeconds > 0) {
    await signal(sandbox, container, signalNumber(container.record.stopSignal), false);
    if (await settlesWithin(container.ended, timerMillis(timeoutSeconds))) return;
  }
  await kill(sandbox, container);
}

/** Ends a container if it runs; returns when it is EXITED. */
export async function kill(sandbox: Sandbox, container: Container): Promise<void> {
  if (container.record.state !== 'RUNNING') return;
  await signal(sandbox, container, SIGKILL, true);
  if (!(await settlesWithin(container.ended, KILL_LIMIT_MS))) {
    throw new BoxError(
      'DEADLINE',
      `container ${container.id} was killed but the guest does not report its end: stop the sandbox`,
    );
  }
}

/** Kills all containers at once, for StopPodSandbox. A guest that does not answer is ended by force afterwards. */
export async function killContainers(sandbox: Sandbox, log: Log): Promise<void> {
  const kills = [...sandbox.containers.values()].map(async (container) => {
    try {
      await kill(sandbox, container);
    } catch (error) {
      log.warn(
        { sandboxId: sandbox.id, containerId: container.id, error: messageOf(error) },
        'container could not be killed',
      );
    }
  });
  await Promise.all(kills);
}

/** A VM that is gone has no processes left to signal: its end makes the container EXITED. */
async function signal(sandbox: Sandbox, container: Container, number: number, all: boolean): Promise<void> {
  try {
    await sandbox.vm().guest.signalContainer(container.id, number, all);
  } catch (error) {
    if (!isBoxError(error, 'GUEST_GONE', 'SANDBOX_NOT_READY')) throw error;
  }
}
