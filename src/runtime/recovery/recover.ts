/**
 * Start-up as a recovery: what is on disk is read, live VMs are taken up again, what cannot be is ended and shown so.
 * One bad record never blocks the start, and nothing that carries this daemon's mark stays without a record.
 */
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import type { RuntimeContext } from '../context.ts';
import { findTraces, sandboxIds } from '../janitor/find-traces.ts';
import { leftovers, sweep } from '../janitor/trace.ts';
import { type SandboxPaths, sandboxesDir, sandboxPaths, shortId } from '../paths.ts';
import { Sandbox } from '../sandbox/sandbox.ts';
import { type SandboxRecord, sandboxRecordSchema } from '../sandbox/sandbox-record.ts';
import { freeHost } from '../sandbox/stop-sandbox.ts';
import { readRecord } from '../store/record-file.ts';
import { discardRun, Vm } from '../vm/vm.ts';
import { loadContainers, resumeContainers } from './recover-containers.ts';

const LOST = 'the VM ended while no daemon was running';

/** Reads everything back into the index, then removes what belongs to no record. */
export async function recover(context: RuntimeContext): Promise<void> {
  await mkdir(sandboxesDir(context.root), { recursive: true, mode: 0o700 });
  const { recorded } = await sandboxIds(context.root, context.state);
  await Promise.all(recorded.map((id) => recoverOne(context, id)));
  await removeLeftovers(context);
}

async function recoverOne(context: RuntimeContext, id: string): Promise<void> {
  const paths = sandboxPaths(context.root, context.state, id);
  try {
    const record = await loadRecord(context, paths);
    if (record !== undefined) await recoverSandbox(context, record, paths);
  } catch (error) {
    context.log.error({ sandboxId: id, error: messageOf(error) }, 'sandbox not recovered: its folder is left as it is');
  }
}

/** Undefined if the record cannot be read: then it is set aside, and what is left of its sandbox belongs to nobody. */
async function loadRecord(context: RuntimeContext, paths: SandboxPaths): Promise<SandboxRecord | undefined> {
  try {
    return await readRecord(paths.record, sandboxRecordSchema);
  } catch (error) {
    const aside = join(context.root, 'set-aside');
    await mkdir(aside, { recursive: true, mode: 0o700 });
    const kept = join(aside, `sandbox-${shortId(paths.dir.slice(-64))}.json`);
    await rename(paths.record, kept);
    context.log.error(
      { path: kept, error: messageOf(error) },
      'sandbox record cannot be read: set aside, its sandbox is removed',
    );
    return undefined;
  }
}

async function recoverSandbox(context: RuntimeContext, record: SandboxRecord, paths: SandboxPaths): Promise<void> {
  const sandbox = new Sandbox(record, paths, context.events, context.log);
  await loadContainers(context, sandbox);
  context.index.add(sandbox);
  const vm = record.state === 'READY' ? await Vm.adopt(paths, context.tokenFor(record.id)) : undefined;
  if (vm === undefined) {
    await endSandbox(context, sandbox, LOST);
    return;
  }
  try {
    sandbox.hold(vm, context.cgroups);
    await resumeContainers(context, sandbox);
    context.log.info({ sandboxId: record.id, pid: vm.pid }, 'sandbox taken up again');
  } catch (error) {
    context.log.error(
      { sandboxId: record.id, error: messageOf(error) },
      'a running sandbox does not answer: it is ended',
    );
    await vm.kill();
    await endSandbox(context, sandbox, `its guest did not answer after a daemon restart: ${messageOf(error)}`);
  }
}

async function endSandbox(context: RuntimeContext, sandbox: Sandbox, reason: string): Promise<void> {
  await sandbox.markNotReady(reason);
  await discardRun(sandbox.paths);
  try {
    await freeHost(context, sandbox);
  } catch (error) {
    // kubelet stops and removes it, and then it is tried again
    context.log.warn(
      { sandboxId: sandbox.id, error: messageOf(error) },
      'cgroup or network of an ended sandbox not released yet',
    );
  }
}

/** What no sandbox owns goes, sandboxes that were never finished included; then the live ones' networks are looked at. */
async function removeLeftovers(context: RuntimeContext): Promise<void> {
  const { recorded } = await sandboxIds(context.root, context.state);
  const known = new Set([...recorded, ...context.index.all().map(({ id }) => id)].map(shortId));
  await sweep(leftovers(await findTraces(context), known), context.log);
  await context.network.reconcile(
    context.index.all().map((sandbox) => ({
      place: sandbox.place,
      attachment: sandbox.record.state === 'READY' ? sandbox.record.network : undefined,
    })),
  );
}
