/** The containers of a recovered sandbox: their records, and what the guest says became of them meanwhile. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import type { ContainerInfo__Output } from '../../guest-client/generated/a3s/guest/v1/ContainerInfo.ts';
import { Container } from '../container/container.ts';
import { containerRecordSchema, EXIT_CODE_UNKNOWN } from '../container/container-record.ts';
import { deleteSpec } from '../container/spec-file.ts';
import { pumpLog, startContainer } from '../container/start-container.ts';
import type { RuntimeContext } from '../context.ts';
import { type LogPosition, logPositionSchema, START } from '../logs/log-position.ts';
import { logPositionPath, type SandboxPaths } from '../paths.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { removeVolumes, volumeNames } from '../share/volumes.ts';
import { exists, listFolder } from '../store/folder.ts';
import { readRecord } from '../store/record-file.ts';
import { nowNanos } from '../time.ts';

const RECORD_NAME = /^[0-9a-f]{64}\.json$/;
/** What a container has on the host besides its record. */
const BELONGING = /^([0-9a-f]{64})(?:-\d+|\.spec\.json|\.log-position\.json)$/;

/** Reads the records; one that cannot be read is logged and left alone. */
export async function loadContainers(context: RuntimeContext, sandbox: Sandbox): Promise<void> {
  for (const name of await listFolder(sandbox.paths.containers)) {
    if (!RECORD_NAME.test(name)) continue;
    const path = join(sandbox.paths.containers, name);
    try {
      const record = await readRecord(path, containerRecordSchema);
      const container = new Container(record, path, (type) => sandbox.tell(type, record.id));
      sandbox.containers.set(record.id, container);
    } catch (error) {
      context.log.error(
        { path, error: messageOf(error) },
        'container record cannot be read: the container is not shown',
      );
    }
  }
}

/** Follows a live guest again. Logs first: an exit that is told next must find its container's log being copied. */
export async function resumeContainers(context: RuntimeContext, sandbox: Sandbox): Promise<void> {
  const running = [...sandbox.containers.values()].filter(({ record }) => record.state === 'RUNNING');
  for (const container of running) await resumeLog(context, sandbox, container);
  const inGuest = new Map((await sandbox.watch(context.heartbeatMs)).map((info) => [info.containerId, info]));
  for (const container of sandbox.containers.values()) {
    await reconcile(context, sandbox, container, inGuest.get(container.id));
  }
  for (const id of new Set([...inGuest.keys(), ...(await idsOnHost(sandbox.paths))])) {
    if (!sandbox.containers.has(id)) await removeUnrecorded(context, sandbox, id);
  }
}

/** The containers that have volumes or files beside their record here, whether there is a record or not. */
async function idsOnHost(paths: SandboxPaths): Promise<readonly string[]> {
  const names = [...(await volumeNames(paths)), ...(await listFolder(paths.containers))];
  return names.flatMap((name) => BELONGING.exec(name)?.[1] ?? []);
}

async function reconcile(
  context: RuntimeContext,
  sandbox: Sandbox,
  container: Container,
  info: ContainerInfo__Output | undefined,
): Promise<void> {
  if (container.record.state === 'EXITED') return;
  if (info === undefined) {
    await container.end({
      exitCode: EXIT_CODE_UNKNOWN,
      reason: 'Unknown',
      message: 'the guest does not know this container',
      finishedAt: nowNanos(),
    });
    return;
  }
  if (info.state === 'CREATED') return;
  if (container.record.state === 'CREATED') {
    if (info.startedAtNs === '0') return goOnStarting(context, sandbox, container);
    await resumeLog(context, sandbox, container);
    await container.markStarted(info.startedAtNs);
  }
  if (info.exited) await container.markExited(info.exited);
}

/**
 * The daemon died during its start, which is not over, or has failed for a reason that the guest tells whoever asks again. Nobody
 * waits for that here: it may last, and every other sandbox would wait with it.
 */
function goOnStarting(context: RuntimeContext, sandbox: Sandbox, container: Container): void {
  startContainer(context, container.id).catch((error: unknown) =>
    context.log.warn(
      { sandboxId: sandbox.id, containerId: container.id, error: messageOf(error) },
      'a start that the daemon before began has failed',
    ),
  );
}

async function resumeLog(context: RuntimeContext, sandbox: Sandbox, container: Container): Promise<void> {
  const path = logPositionPath(sandbox.paths, container.id);
  const position: LogPosition = (await exists(path)) ? await readRecord(path, logPositionSchema) : START;
  await pumpLog(context, sandbox, container, position);
}

/** Begun, in the guest or only on the host, but the daemon died before it could say so: the caller never got an id. */
async function removeUnrecorded(context: RuntimeContext, sandbox: Sandbox, id: string): Promise<void> {
  await sandbox.vm().guest.removeContainer(id);
  await removeVolumes(sandbox.paths, sandbox.mountSpace(), id);
  await deleteSpec(sandbox.paths, id);
  await rm(logPositionPath(sandbox.paths, id), { force: true });
  context.log.warn({ sandboxId: sandbox.id, containerId: id }, 'half-made container removed');
}
