/** CreateContainer: image layers linked, volumes mounted, root file system assembled in the guest; no process yet. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { BoxError } from '../../errors.ts';
import { failpoint } from '../../failpoints/failpoint.ts';
import type { Image } from '../../image/image-service.ts';
import type { RuntimeContext } from '../context.ts';
import type { ContainerConfig } from '../model.ts';
import { ociSpec } from '../oci-spec.ts';
import { containerRecordPath } from '../paths.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { addVolumes, removeVolumes } from '../share/volumes.ts';
import { nowNanos } from '../time.ts';
import { type UndoStack, withUndo } from '../undo.ts';
import { requireMemory } from '../vm-limits.ts';
import { confinement } from './confinement.ts';
import { Container } from './container.ts';
import { guestLayers, mountImages } from './image-volumes.ts';
import { signalNumber } from './signals.ts';
import { deleteSpec, saveSpec } from './spec-file.ts';

const ID_BYTES = 32;
const DEFAULT_STOP_SIGNAL = 'SIGTERM';

/** Returns the container's id; the same id for an identical repeated call. NAME_RESERVED if (name, attempt) is taken in the sandbox. */
export async function createContainer(
  context: RuntimeContext,
  sandboxId: string,
  config: ContainerConfig,
  signal: AbortSignal,
): Promise<string> {
  const sandbox = context.index.get(sandboxId);
  return sandbox.turns.take(async () => {
    const existing = sameName(sandbox, config);
    if (existing !== undefined) return existing.id;
    if (signal.aborted)
      throw new BoxError('CANCELLED', `the caller gave up before container ${config.metadata.name} was created`);
    return withUndo(context.log, (undo) => create(context, sandbox, config, undo));
  });
}

async function create(
  context: RuntimeContext,
  sandbox: Sandbox,
  config: ContainerConfig,
  undo: UndoStack,
): Promise<string> {
  const { guest, mountSpace } = sandbox.vm();
  const { box } = sandbox.record;
  requireMemory(`container ${config.metadata.name}`, config.resources, box);
  const image = findImage(context, config);
  const stopSignal = config.stopSignal || image.config.stopSignal || DEFAULT_STOP_SIGNAL;
  signalNumber(stopSignal);
  const id = randomBytes(ID_BYTES).toString('hex');
  const layers = await context.images.linkLayers(image.id, sandbox.paths.layers);
  await failpoint('create.layers-linked');
  undo.push('volumes', () => removeVolumes(sandbox.paths, sandbox.mountSpace(), id));
  const volumes = await addVolumes(sandbox.paths, mountSpace, id, config.mounts);
  await failpoint('create.volumes-added');
  undo.push('guest container', () => guest.removeContainer(id));
  const images = await mountImages(context, sandbox, id, config.mounts);
  await failpoint('create.images-mounted');
  const mounts = [...volumes, ...images.mounts];
  const spec = ociSpec({ config, image: image.config, box, mounts });
  const confined = await confinement(sandbox, config.security, spec);
  undo.push('spec', () => deleteSpec(sandbox.paths, id));
  await saveSpec(sandbox.paths, id, spec);
  await failpoint('create.spec-saved');
  const user = await guest.createContainer({
    containerId: id,
    ociSpec: Buffer.from(JSON.stringify(spec)),
    layers: guestLayers(layers),
    stdin: config.stdin,
    stdinOnce: config.stdinOnce,
    ...confined,
  });
  await failpoint('create.made-in-guest');
  const container = new Container(
    {
      version: 1,
      id,
      sandboxId: sandbox.id,
      config,
      imageId: image.id,
      imageName: imageName(image, config),
      state: 'CREATED',
      createdAt: nowNanos(),
      startedAt: '0',
      finishedAt: '0',
      exitCode: 0,
      reason: '',
      message: '',
      logPath: logPath(sandbox, config),
      stopSignal,
      user: { uid: user.uid, gid: user.gid, supplementalGroups: user.supplementalGids },
      volumeImages: images.ids,
    },
    containerRecordPath(sandbox.paths, id),
    (type) => sandbox.tell(type, id),
  );
  undo.push('record', () => container.forget());
  await container.save();
  await failpoint('create.recorded');
  sandbox.containers.set(id, container);
  sandbox.tell('CREATED', id);
  return id;
}

function sameName(sandbox: Sandbox, config: ContainerConfig): Container | undefined {
  const { name, attempt } = config.metadata;
  const existing = [...sandbox.containers.values()].find(
    ({ record }) => record.config.metadata.name === name && record.config.metadata.attempt === attempt,
  );
  if (existing === undefined) return undefined;
  if (existing.record.state === 'CREATED' && isDeepStrictEqual(existing.record.config, config)) return existing;
  throw new BoxError(
    'NAME_RESERVED',
    `container ${name} attempt ${attempt} of sandbox ${sandbox.id} is ${existing.id} (${existing.record.state}): remove it or use another attempt`,
  );
}

function findImage(context: RuntimeContext, config: ContainerConfig): Image {
  const image = context.images.find(config.image);
  if (image === undefined) throw new BoxError('IMAGE_NOT_FOUND', `image ${config.image} is not here: pull it first`);
  return image;
}

/** What ContainerStatus.image.image shows: what the user wrote if known, else a name of the image, else its id. */
function imageName(image: Image, config: ContainerConfig): string {
  return config.userSpecifiedImage || image.repoTags[0] || image.repoDigests[0] || image.id;
}

function logPath(sandbox: Sandbox, config: ContainerConfig): string {
  const { logDirectory } = sandbox.record.config;
  return logDirectory === '' || config.logPath === '' ? '' : join(logDirectory, config.logPath);
}
