/** StopPodSandbox and RemovePodSandbox: both repeatable, both fine with an id nobody knows. */

import { failpoint } from '../../failpoints/failpoint.ts';
import type { Cgroups } from '../cgroup/cgroups.ts';
import { killContainers } from '../container/stop-container.ts';
import type { RuntimeContext } from '../context.ts';
import type { PodNetwork } from '../network/pod-network.ts';
import { removeShares } from '../share/share.ts';
import { settleBoth } from '../time.ts';
import { discardRun } from '../vm/run-folder.ts';
import type { Sandbox } from './sandbox.ts';

interface StopTools extends Pick<RuntimeContext, 'index' | 'log'> {
  readonly network: Pick<PodNetwork, 'detach'>;
  readonly cgroups: Pick<Cgroups, 'remove'>;
}

/** Kills the containers without grace, ends the VM, frees the network; the records stay. */
export async function stopSandbox(context: StopTools, id: string): Promise<void> {
  const sandbox = context.index.find(id);
  if (sandbox !== undefined) await sandbox.turns.take(() => stop(context, sandbox));
}

/** Stops it if it runs, then deletes everything of it, its containers included. */
export async function removeSandbox(context: StopTools, id: string): Promise<void> {
  const sandbox = context.index.find(id);
  if (sandbox === undefined) return;
  await sandbox.turns.take(async () => {
    // another call of this one came first
    if (context.index.find(sandbox.id) !== sandbox) return;
    await stop(context, sandbox);
    await failpoint('remove.stopped');
    await removeShares(sandbox.paths);
    await failpoint('remove.folder-deleted');
    context.index.delete(sandbox);
    for (const container of sandbox.containers.values()) {
      sandbox.containers.delete(container.id);
      sandbox.tell('DELETED', container.id);
    }
    sandbox.tell('DELETED');
    context.log.info({ sandboxId: sandbox.id }, 'sandbox removed');
  });
}

async function stop(context: StopTools, sandbox: Sandbox): Promise<void> {
  if (sandbox.record.state === 'READY') {
    await killContainers(sandbox, context.log);
    await failpoint('stop.containers-killed');
    await sandbox.stopVm('stopped');
    await failpoint('stop.recorded');
    context.log.info({ sandboxId: sandbox.id }, 'sandbox stopped');
  }
  await discardRun(sandbox.paths);
  await failpoint('stop.folder-deleted');
  await freeHost(context, sandbox);
}

/** What an ended sandbox still holds of the host goes. A cgroup that cannot be removed keeps no address, and the other way round. */
export async function freeHost(
  { network, cgroups }: Pick<StopTools, 'network' | 'cgroups'>,
  { place, cgroup }: Pick<Sandbox, 'place' | 'cgroup'>,
): Promise<void> {
  const removed = cgroups.remove(cgroup).then(() => failpoint('stop.cgroup-removed'));
  await settleBoth(network.detach(place), removed);
}
