/** The containers of a recovered sandbox: their records, and what the guest says became of them meanwhile. */
import { join } from 'node:path';
import { errnoOf, messageOf } from '../../errors.ts';
import type { ContainerInfo__Output } from '../../guest-client/generated/a3s/guest/v1/ContainerInfo.ts';
import { attempt } from '../attempt.ts';
import { Container } from '../container/container.ts';
import { containerRecordSchema, EXIT_CODE_UNKNOWN } from '../container/container-record.ts';
import { deleteSpec } from '../container/spec-file.ts';
import { pumpLog, startContainer } from '../container/start-container.ts';
import { type LogPosition, logPositionSchema, START } from '../logs/log-position.ts';
import { containerRecordPath, logPositionPath, type SandboxPaths, shortId } from '../paths.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { removeVolumes, volumeNames } from '../share/volumes.ts';
import { listFolder } from '../store/folder.ts';
import { deleteVolatile, readRecord } from '../store/record-file.ts';
import { nowNanos, settlesWithin } from '../time.ts';
import type { RecoveryTools } from './recovery-tools.ts';
import { readOrSetAside } from './set-aside.ts';

const RECORD_NAME = /^([0-9a-f]{64})\.json$/;
/** What a container has on the host besides its record: volumes and files, and those that were being written (UNFINISHED). */
const BELONGING = /^([0-9a-f]{64})(?:-\d+|\.(?:spec|log-position)\.json|(?:\.(?:spec|log-position))?\.json\.tmp)$/;

/** The log of a healthy disk is there at once. One that is late goes on being opened behind the guest. */
const LOGS_LATE_MS = 5_000;

/** Reads the records. The container of one that is set aside goes when the guest is asked for what it has. */
export async function loadContainers(context: RecoveryTools, sandbox: Sandbox): Promise<void> {
  for (const name of await listFolder(sandbox.paths.containers)) {
    const id = RECORD_NAME.exec(name)?.[1];
    if (id === undefined) continue;
    const path = join(sandbox.paths.containers, name);
    const aside = `container-${shortId(sandbox.id)}-${shortId(id)}.json`;
    const becomes = 'its container is removed, and its sandbox goes on without it';
    const record = await readOrSetAside(context, path, containerRecordSchema, aside, becomes);
    if (record === undefined) continue;
    sandbox.containers.set(record.id, new Container(record, path, (type) => sandbox.tell(type, record.id)));
  }
}

/**
 * Follows a live guest again; rejects only if the guest does not answer. Logs first: an exit that is told next must find its
 * container's log being copied.
 */
export async function resumeContainers(context: RecoveryTools, sandbox: Sandbox): Promise<void> {
  const all = [...sandbox.containers.values()];
  const running = all.filter(({ record }) => record.state === 'RUNNING');
  await Promise.all(running.map((container) => resumeLog(context, sandbox, container)));
  const inGuest = new Map((await sandbox.watch(context.heartbeatMs)).map((info) => [info.containerId, info]));
  for (const container of all) {
    await attempt(context.log, { containerId: container.id }, 'state of a container not recorded', () =>
      // kubelet may be starting it already
      container.turns.take(() => reconcile(context, sandbox, container, inGuest.get(container.id))),
    );
  }
  await attempt(context.log, { sandboxId: sandbox.id }, 'containers without a record not looked for', async () => {
    for (const id of new Set([...inGuest.keys(), ...(await idsOnHost(sandbox.paths))])) {
      if (!sandbox.containers.has(id)) await removeUnrecorded(context, sandbox, id);
    }
  });
}

/** The containers that have volumes or files beside their record here, whether there is a record or not. */
async function idsOnHost(paths: SandboxPaths): Promise<readonly string[]> {
  const names = [...(await volumeNames(paths)), ...(await listFolder(paths.containers))];
  return names.flatMap((name) => BELONGING.exec(name)?.[1] ?? []);
}

async function reconcile(
  context: RecoveryTools,
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
function goOnStarting(context: RecoveryTools, sandbox: Sandbox, container: Container): void {
  startContainer(context, container.id).catch((error: unknown) =>
    context.log.warn(
      { sandboxId: sandbox.id, containerId: container.id, error: messageOf(error) },
      'a start that the daemon before began has failed',
    ),
  );
}

/** A container runs on whatever becomes of its log. */
async function resumeLog(context: RecoveryTools, sandbox: Sandbox, container: Container): Promise<void> {
  const facts = { sandboxId: sandbox.id, containerId: container.id };
  const resumed = attempt(context.log, facts, 'container log not resumed', async () => {
    const position = await readPosition(context, logPositionPath(sandbox.paths, container.id));
    await pumpLog(context, sandbox, container, position);
  });
  if (!(await settlesWithin(resumed, LOGS_LATE_MS))) context.log.warn(facts, 'container log is late: its disk hangs');
}

/** Without the record the file itself says how far its output has come. */
async function readPosition(context: RecoveryTools, path: string): Promise<LogPosition> {
  try {
    return await readRecord(path, logPositionSchema);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') {
      context.log.warn({ path, error: messageOf(error) }, 'log position cannot be read: lines of the log are counted');
    }
    return START;
  }
}

/**
 * Begun, in the guest or only on the host, but the daemon died before it could say so: the caller never got an id. Or its record was
 * set aside: then kubelet makes it anew.
 */
async function removeUnrecorded(context: RecoveryTools, sandbox: Sandbox, id: string): Promise<void> {
  const facts = { sandboxId: sandbox.id, containerId: id };
  await attempt(context.log, facts, 'container without a record not removed', async () => {
    await sandbox.vm().guest.removeContainer(id);
    await removeVolumes(sandbox.paths, sandbox.mountSpace(), id);
    await deleteSpec(sandbox.paths, id);
    await deleteVolatile(logPositionPath(sandbox.paths, id));
    await deleteVolatile(containerRecordPath(sandbox.paths, id));
    context.log.warn(facts, 'container without a record removed');
  });
}
