/** `a3s-boxd doctor`: everything a pod needs of this host, and everything the daemon has left on it. */
import type { DaemonConfig } from '../config/schema.ts';
import { BoxError, messageOf } from '../errors.ts';
import { openLog } from '../observe/log.ts';
import { openCgroups } from '../runtime/cgroup/cgroups.ts';
import { HostChecks } from '../runtime/host/host-checks.ts';
import { findTraces, sandboxIds } from '../runtime/janitor/find-traces.ts';
import { leftovers, sweep, type Trace } from '../runtime/janitor/trace.ts';
import { CniNetwork } from '../runtime/network/cni-network.ts';
import { setAsideDir, shortId } from '../runtime/paths.ts';
import { listFolder } from '../runtime/store/folder.ts';
import { type Finding, fail, ok, table, warn } from './finding.ts';
import { readHostFacts } from './host-facts.ts';
import { hostFindings } from './host-findings.ts';
import { askDaemon, type DaemonAnswer, whileDaemonIsKnown } from './running-daemon.ts';

/** Prints the table; with `fix` leftovers are removed. The exit code is 1 if anything fails. */
export async function doctor(config: DaemonConfig, fix: boolean): Promise<number> {
  if (process.getuid?.() !== 0)
    throw new BoxError('CONFIG_INVALID', 'the doctor looks into processes and mounts of root: run it as root');
  const findings = await whileDaemonIsKnown([config.root, config.state], fix, async (runs) => [
    ...(await installed(config)),
    ...hostFindings(await readHostFacts(config.root, config.cni.confDir), config),
    ...(await ownFindings(config, runs, fix)),
  ]);
  process.stdout.write(table(findings));
  return findings.some(({ level }) => level === 'fail') ? 1 : 0;
}

async function installed(config: DaemonConfig): Promise<readonly Finding[]> {
  const checks = await new HostChecks({ ...config, shimBundle: config.shim }, config.guestInit).run();
  return checks.map(({ name, problem }) =>
    problem === '' ? ok(name, 'works') : fail(name, problem, 'no pod can start without it'),
  );
}

/** The network as a pod would get it, the daemon, and what it has left. */
async function ownFindings(config: DaemonConfig, runs: boolean, fix: boolean): Promise<readonly Finding[]> {
  const { root, state, cni } = config;
  const log = openLog('silent');
  const { binDirs, timeoutMs } = cni;
  const network = await CniNetwork.inspect({ ...cni, root, state, limits: { binDirs, timeoutMs }, log });
  const cgroups = await openCgroups(config.cgroupDriver);
  // what there is before what is known: so nothing that is being made meanwhile is taken for a leftover
  const traces = await findTraces({ root, state, network, cgroups });
  const { message } = await network.readiness();
  const networkFinding =
    message === ''
      ? ok('network', `from ${cni.confDir} or our own`)
      : fail('network', message, 'install or repair the CNI plugins');
  const answer = runs ? await askDaemon(config.socket).catch(messageOf) : undefined;
  const asideFinding = await setAside(root);
  if (typeof answer === 'string') {
    return [
      networkFinding,
      fail(
        'daemon',
        `runs but does not answer on ${config.socket}: ${answer}`,
        'look at its log; pods run on if it is restarted',
      ),
      warn('leftovers', 'unknown: only the daemon can say what it is making', 'run the doctor again when it answers'),
      asideFinding,
    ];
  }
  const { recorded, ended } = await sandboxIds(root, state);
  const known = new Set([...recorded, ...(answer?.sandboxIds ?? [])].map(shortId));
  const found = leftovers(traces, known, new Set(ended.map(shortId)));
  const failed = fix ? await sweep(found, log) : found;
  return [networkFinding, daemonFinding(answer), ...leftoverFindings(found, failed, fix), asideFinding];
}

function daemonFinding(answer: DaemonAnswer | undefined): Finding {
  if (answer === undefined) return ok('daemon', 'does not run');
  const found = `runs, ${answer.sandboxIds.length} sandboxes`;
  return answer.problems.length === 0
    ? ok('daemon', found)
    : fail(
        'daemon',
        `${found}; ${answer.problems.join('; ')}`,
        'kubelet takes the node for not ready until this is mended',
      );
}

function leftoverFindings(found: readonly Trace[], failed: readonly Trace[], fix: boolean): readonly Finding[] {
  if (found.length === 0) return [ok('leftovers', 'none')];
  return found.map((trace) => {
    const what = `${trace.kind} ${trace.name}`;
    if (!fix) return warn('leftover', what, 'a3s-boxd doctor --fix removes it, and so does the next start');
    return failed.includes(trace)
      ? fail('leftover', `${what} could not be removed`, 'the next start tries again; its log says why it fails')
      : ok('leftover', `${what} removed`);
  });
}

async function setAside(root: string): Promise<Finding> {
  const dir = setAsideDir(root);
  const names = await listFolder(dir);
  return names.length === 0
    ? ok('records', 'all can be read')
    : warn(
        'records',
        `${names.length} could not be read and lie in ${dir}`,
        'keep them for a bug report, then delete them',
      );
}
