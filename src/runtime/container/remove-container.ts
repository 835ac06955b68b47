/** RemoveContainer: forced, repeatable, fine with an id nobody knows. */
import type { RuntimeContext } from '../context.ts';
import { logPositionPath } from '../paths.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { removeVolumes } from '../share/volumes.ts';
import { deleteVolatile } from '../store/record-file.ts';
import type { Container } from './container.ts';
import { deleteSpec } from './spec-file.ts';
import { kill } from './stop-container.ts';

/** Ends it if it runs, then deletes it in the guest and on the host. Its log file stays: that is kubelet's. */
export async function removeContainer(context: Pick<RuntimeContext, 'index'>, id: string): Promise<void> {
  const found = context.index.findContainer(id);
  if (found === undefined) return;
  const { sandbox, container } = found;
  // behind a start, which may hang: the rest of the sandbox goes on meanwhile, and what was started runs by now. The turn is not kept
  // for the kill: recovery, which may be the one to tell of the end, needs it
  await container.turns.take(async () => undefined);
  await kill(sandbox, container);
  await sandbox.turns.take(() => container.turns.take(() => remove(sandbox, container)));
}

async function remove(sandbox: Sandbox, container: Container): Promise<void> {
  // the sandbox's removal, or another call of this one, came first
  if (sandbox.containers.get(container.id) !== container) return;
  await removeFromGuest(sandbox, container.id);
  container.detachLog();
  await deleteSpec(sandbox.paths, container.id);
  await deleteVolatile(logPositionPath(sandbox.paths, container.id));
  await container.forget();
  sandbox.containers.delete(container.id);
  sandbox.tell('DELETED', container.id);
}

/** Kills whatever the guest has made of it, in any state, and takes it and its volumes away; repeatable. */
export async function removeFromGuest(sandbox: Sandbox, containerId: string): Promise<void> {
  // the guest then finds the volumes gone, and lets go of what the VMM holds open in them
  await removeVolumes(sandbox.paths, sandbox.mountSpace(), containerId);
  if (sandbox.record.state === 'READY') await sandbox.vm().guest.removeContainer(containerId);
}
