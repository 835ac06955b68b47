/**
 * Start-up as a recovery: what is on disk is read, live VMs are taken up again, what cannot be is ended and shown so.
 *
 * INVARIANTS
 * - Nothing bad blocks the start: what cannot be read is left out, and what hangs (a guest, a plugin, the disk of a log) is waited
 *   for behind the daemon that serves, in the turn of its own sandbox.
 * - Only a guest that does not answer costs a running VM: no record, log or file of it does.
 * - Nothing that carries this daemon's mark stays without a record.
 */
import { mkdir } from 'node:fs/promises';
import { messageOf } from '../../errors.ts';
import { attempt } from '../attempt.ts';
import { findTraces, sandboxIds } from '../janitor/find-traces.ts';
import { leftovers, sweep } from '../janitor/trace.ts';
import { sandboxesDir, sandboxPaths, shortId } from '../paths.ts';
import { Sandbox } from '../sandbox/sandbox.ts';
import { sandboxRecordSchema } from '../sandbox/sandbox-record.ts';
import { freeHost } from '../sandbox/stop-sandbox.ts';
import { settlesWithin } from '../time.ts';
import { savedWords } from '../vm/console-ring.ts';
import { discardRun } from '../vm/run-folder.ts';
import { Vm } from '../vm/vm.ts';
import { loadContainers, resumeContainers } from './recover-containers.ts';
import type { RecoveryTools } from './recovery-tools.ts';
import { readOrSetAside } from './set-aside.ts';

const LOST = 'the VM ended while no daemon was running';
/** A healthy host needs a fraction of it, and is served when everything is as it will be. */
const PATIENCE_MS = 10_000;

/** Reads everything back into the index; the rest is done when this resolves, or goes on behind it if it takes longer than `patienceMs`. */
export async function recover(context: RecoveryTools, patienceMs = PATIENCE_MS): Promise<void> {
  const { log } = context;
  await mkdir(sandboxesDir(context.root), { recursive: true, mode: 0o700 });
  const { recorded } = await sandboxIds(context.root, context.state);
  const shown = (await Promise.all(recorded.map((id) => show(context, id)))).filter((sandbox) => sandbox !== undefined);
  const rest = Promise.all([
    ...shown.map((sandbox) => attempt(log, { sandboxId: sandbox.id }, 'not recovered', () => settle(context, sandbox))),
    attempt(log, {}, 'leftovers not looked for at this start', () => removeLeftovers(context)),
  ]);
  const quiet = await settlesWithin(rest, patienceMs);
  if (!quiet) log.warn({ patienceMs }, 'something hangs: the daemon serves, and the recovery goes on behind it');
  await attempt(log, {}, 'networks not looked at at this start', () => repairNetworks(context, quiet));
}

/** Puts a sandbox into the index, with its VM if that runs. One that cannot be read is left as it is, its VM too. */
async function show(context: RecoveryTools, id: string): Promise<Sandbox | undefined> {
  const paths = sandboxPaths(context.root, context.state, id);
  try {
    const record = await readOrSetAside(
      context,
      paths.record,
      sandboxRecordSchema,
      `sandbox-${shortId(id)}.json`,
      'its sandbox is removed',
    );
    if (record === undefined) return undefined;
    const sandbox = new Sandbox(record, paths, context.events, context.log);
    await loadContainers(context, sandbox);
    const vm = record.state === 'READY' ? await Vm.adopt(paths, context.tokenFor(id)) : undefined;
    context.index.add(sandbox);
    if (vm === undefined) {
      await attempt(context.log, { sandboxId: id }, 'end of a sandbox not recorded', () =>
        sandbox.markNotReady(`${LOST}; ${savedWords(paths.consoleTail)}`),
      );
    } else sandbox.hold(vm, context.cgroups);
    return sandbox;
  } catch (error) {
    context.log.error(
      { sandboxId: id, error: messageOf(error) },
      'sandbox not shown: all of it is left as it is, and the next start tries again',
    );
    return undefined;
  }
}

/** Takes it up again or lets go of it, in its own turn: what changes it as a whole waits for that. */
async function settle(context: RecoveryTools, sandbox: Sandbox): Promise<void> {
  await sandbox.turns.take(async () => {
    if (sandbox.record.state === 'READY') await resume(context, sandbox);
    if (sandbox.record.state === 'NOTREADY') await release(context, sandbox);
  });
}

async function resume(context: RecoveryTools, sandbox: Sandbox): Promise<void> {
  const sandboxId = sandbox.id;
  try {
    await resumeContainers(context, sandbox);
    context.log.info({ sandboxId, pid: sandbox.pid() }, 'sandbox taken up again');
  } catch (error) {
    context.log.error({ sandboxId, error: messageOf(error) }, 'a running sandbox does not answer: it is ended');
    await sandbox.giveUp(`its guest did not answer after a daemon restart: ${messageOf(error)}`);
  }
}

/** What is not released now is when kubelet stops and removes the sandbox. */
async function release(context: RecoveryTools, sandbox: Sandbox): Promise<void> {
  const { log } = context;
  const facts = { sandboxId: sandbox.id };
  await attempt(log, facts, 'VM of an ended sandbox not released yet', () => discardRun(sandbox.paths));
  await attempt(log, facts, 'cgroup or network of an ended sandbox not released yet', () => freeHost(context, sandbox));
}

/** What no sandbox owns goes, sandboxes that were never finished included. */
async function removeLeftovers(context: RecoveryTools): Promise<void> {
  // what there is before what is known: the daemon may serve already, and nothing that is being made is a leftover
  const traces = await findTraces(context);
  const { recorded, ended } = await sandboxIds(context.root, context.state);
  const shown = context.index.all().map(({ id }) => id);
  const known = new Set([...recorded, ...shown, ...context.admission.booting].map(shortId));
  await sweep(leftovers(traces, known, new Set(ended.map(shortId))), context.log);
}

/** `quiet`: nobody makes or removes networks meanwhile, as CNI's garbage collection wants it. */
async function repairNetworks(context: RecoveryTools, quiet: boolean): Promise<void> {
  const known = context.index.all().map((sandbox) => ({
    place: sandbox.place,
    attachment: sandbox.record.state === 'READY' ? sandbox.record.network : undefined,
  }));
  await context.network.reconcile(known, quiet);
}
