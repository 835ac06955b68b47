/** RunPodSandbox: from a pod's configuration to a VM that answers. */
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { BoxError } from '../../errors.ts';
import { failpoint } from '../../failpoints/failpoint.ts';
import { type BoxConfig, boxConfig } from '../box-config.ts';
import { sandboxLimits } from '../cgroup/limits.ts';
import type { RuntimeContext } from '../context.ts';
import type { SandboxConfig } from '../model.ts';
import { guestInterfaces, hostsFile, resolvConf } from '../network/guest-network.ts';
import { hostResolvConf } from '../network/host-resolver.ts';
import type { NetworkAttachment } from '../network/pod-network.ts';
import { type SandboxPaths, sandboxPaths } from '../paths.ts';
import { copyScratch } from '../share/scratch.ts';
import { createShares, removeShares } from '../share/share.ts';
import { deleteRecord } from '../store/record-file.ts';
import { checkSysctls } from '../sysctls.ts';
import { nowNanos, settleBoth } from '../time.ts';
import { type UndoStack, withUndo } from '../undo.ts';
import { discardRun } from '../vm/run-folder.ts';
import { Vm } from '../vm/vm.ts';
import { Sandbox } from './sandbox.ts';
import { podKey } from './sandbox-index.ts';

const ID_BYTES = 32;

/**
 * Boots a sandbox and returns its id. An identical call joins one under way, or gets the id of the READY sandbox it made.
 * NAME_RESERVED if the pod's name belongs to another sandbox. A caller that gives up leaves nothing behind.
 */
export async function runSandbox(
  context: RuntimeContext,
  config: SandboxConfig,
  handler: string,
  signal: AbortSignal,
): Promise<string> {
  return context.runs.join(podKey(config.metadata), { config, handler }, signal, async (shared) => {
    const existing = context.index.findByName(config.metadata);
    if (existing !== undefined) return sameSandbox(existing, config, handler);
    return withUndo(context.log, (undo) => bootSandbox(context, config, handler, shared, undo));
  });
}

function sameSandbox(existing: Sandbox, config: SandboxConfig, handler: string): string {
  const { record } = existing;
  if (record.state === 'READY' && record.handler === handler && isDeepStrictEqual(record.config, config))
    return existing.id;
  const { name, namespace, attempt } = config.metadata;
  throw new BoxError(
    'NAME_RESERVED',
    `pod ${namespace}/${name} attempt ${attempt} is sandbox ${existing.id} (${record.state}): remove it or use another attempt`,
  );
}

async function bootSandbox(
  context: RuntimeContext,
  config: SandboxConfig,
  handler: string,
  signal: AbortSignal,
  undo: UndoStack,
): Promise<string> {
  const id = randomBytes(ID_BYTES).toString('hex');
  const paths = sandboxPaths(context.root, context.state, id);
  checkSysctls(config.sysctls);
  const box = boxConfig(config, id, context.defaults);
  const createdAt = nowNanos();
  const admitted = await context.admission.reserve(id, box);
  undo.push('admission', async () => admitted());
  const cgroup = { parent: config.cgroupParent, name: paths.cgroupName };
  undo.push('cgroup', () => context.cgroups.remove(cgroup));
  const confine = await context.cgroups.create(cgroup, sandboxLimits(config, box));
  await failpoint('run.cgroup-made');
  undo.push('shares', () => removeShares(paths));
  const place = { sandboxId: id, netnsName: paths.netnsName };
  undo.push('network', () => context.network.detach(place));
  undo.push('run folder', () => discardRun(paths));
  const { preparations, boots } = context.admission;
  const [network] = await preparations.run(signal, () =>
    settleBoth(context.network.attach(place, config, signal), prepareDisk(context, paths)),
  );

  const token = context.tokenFor(id);
  const spec = { sandboxId: id, paths, box, network, token, confine };
  const { vm, timings } = await boots.run(signal, () => Vm.boot(context.parts, spec, signal));
  undo.push('vm', () => vm.kill());
  const request = configureRequest(box, network, resolvConf(config.dns, network.dns, await hostResolvConf()));
  const guest = await whileItLives(id, vm, vm.guest.configureSandbox(request));
  await failpoint('run.guest-configured');
  const sandbox = new Sandbox(
    {
      version: 1,
      id,
      config,
      handler,
      state: 'READY',
      reason: '',
      createdAt,
      box,
      network,
      bootTimings: timings,
      guest,
    },
    paths,
    context.events,
    context.log,
  );
  undo.push('watch', async () => sandbox.release());
  sandbox.prepare(vm);
  await whileItLives(id, vm, sandbox.watch(context.heartbeatMs));
  await failpoint('run.guest-watched');
  await showSandbox(context, sandbox, undo);
  admitted();
  sandbox.tell('CREATED');
  sandbox.tell('STARTED');
  context.log.info(
    { sandboxId: id, pod: `${config.metadata.namespace}/${config.metadata.name}`, timings },
    'sandbox ready',
  );
  return id;
}

/** Records it and shows it. BOOT_FAILED if its VM has ended meanwhile: then it never was. */
export async function showSandbox(
  { index, cgroups }: Pick<RuntimeContext, 'index' | 'cgroups'>,
  sandbox: Sandbox,
  undo: UndoStack,
): Promise<void> {
  // first to go: should the daemon die while the rest is taken back, it is a half-made sandbox and not a lost one
  undo.push('record', () => deleteRecord(sandbox.paths.record));
  await sandbox.save();
  await failpoint('run.recorded');
  const vm = sandbox.vm();
  if (!vm.isAlive()) throw endedEarly(sandbox.id, vm);
  sandbox.hold(vm, cgroups);
  index.add(sandbox);
}

async function prepareDisk(context: RuntimeContext, paths: SandboxPaths): Promise<void> {
  await createShares(paths, context.guestInit);
  await failpoint('run.shares-made');
  await copyScratch(context.scratchTemplate, paths.scratch);
  await failpoint('run.scratch-copied');
}

function configureRequest(
  box: BoxConfig,
  network: NetworkAttachment,
  resolvConf: string,
): Parameters<Vm['guest']['configureSandbox']>[0] {
  return {
    hostname: box.hostname,
    realtimeNs: nowNanos(),
    sysctls: box.sysctls,
    resolvConf: Buffer.from(resolvConf),
    hosts: Buffer.from(hostsFile(box.hostname, network.ips)),
    shmBytes: box.shmBytes,
    interfaces: guestInterfaces(network),
  };
}

/** What a guest is asked before anybody watches its VM: the end of that is not waited for as if the guest were slow. BOOT_FAILED. */
export function whileItLives<T>(sandboxId: string, vm: Vm, asked: Promise<T>): Promise<T> {
  const ended = vm.ended.then(() => {
    throw endedEarly(sandboxId, vm);
  });
  return Promise.race([asked, ended]);
}

function endedEarly(sandboxId: string, vm: Vm): BoxError {
  return new BoxError('BOOT_FAILED', `sandbox ${sandboxId} was ready, and then its VM ended; ${vm.lastWords()}`);
}
