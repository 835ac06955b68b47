/**
 * The operations of a network list (CNI spec 1.1, sections 3 and 4): ADD in the list's order with each result as the next
 * plugin's `prevResult`, DEL in reverse order with the last ADD's result, CHECK, STATUS and GC where the version has them.
 */
import { BoxError, isBoxError } from '../../../errors.ts';
import { atLeast, type CniPlugin, type NetworkList } from './network-list.ts';
import { findPlugin, type PluginExit, runPlugin } from './plugin-process.ts';
import { parseError, parseObject, parseResult, type RawResult } from './result.ts';

const QUOTED = 400;

/** One interface of one container on one network. */
export interface Invocation {
  readonly containerId: string;
  /** Path of the network namespace; '' for a DEL after it is gone. */
  readonly netns: string;
  readonly ifname: string;
  /** CNI_ARGS. */
  readonly args: string;
  /** Values by capability; a plugin gets those it declares (section 3, `runtimeConfig`). */
  readonly capabilityArgs: Readonly<Record<string, unknown>>;
}

/** Where plugins are, and how long one whole operation may take. */
export interface CniLimits {
  readonly binDirs: readonly string[];
  readonly timeoutMs: number;
}

type Command = 'ADD' | 'DEL' | 'CHECK' | 'STATUS' | 'GC';

interface Operation {
  readonly command: Command;
  readonly list: NetworkList;
  readonly invocation: Invocation | undefined;
  readonly limits: CniLimits;
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Attaches; resolves with the last plugin's result. After a failure call `del` with the last result that `onResult` was given:
 * plugins before the failing one have done their part, and some (firewall) find theirs again only by the addresses in it. `whole` is
 * true for the last plugin's.
 */
export async function add(
  list: NetworkList,
  invocation: Invocation,
  limits: CniLimits,
  signal: AbortSignal,
  onResult: (result: RawResult, whole: boolean) => Promise<void>,
): Promise<RawResult> {
  const operation = start('ADD', list, invocation, limits, signal);
  let result: RawResult | undefined;
  for (const plugin of list.plugins) {
    const { stdout } = await call(operation, plugin, prevResult(result));
    const raw = parseObject(stdout);
    if (raw === undefined || parseResult(raw) === undefined) {
      throw failure(operation, plugin, `it printed no result: ${JSON.stringify(stdout.slice(0, QUOTED))}`);
    }
    result = raw;
    await onResult(raw, plugin === list.plugins.at(-1));
  }
  return result ?? {};
}

/** Detaches; repeatable. `result` is the last that ADD had. */
export async function del(
  list: NetworkList,
  invocation: Invocation,
  limits: CniLimits,
  result: RawResult | undefined,
): Promise<void> {
  const operation = start('DEL', list, invocation, limits);
  for (const plugin of list.plugins.toReversed()) await call(operation, plugin, prevResult(result));
}

/** Asks each plugin whether the attachment is as it made it. False if the list has no CHECK (before 0.4.0, or `disableCheck`). */
export async function check(
  list: NetworkList,
  invocation: Invocation,
  limits: CniLimits,
  result: RawResult,
): Promise<boolean> {
  if (!atLeast(list, '0.4.0') || list.disableCheck) return false;
  const operation = start('CHECK', list, invocation, limits);
  for (const plugin of list.plugins) await call(operation, plugin, prevResult(result));
  return true;
}

/** Whether the plugins can serve an ADD now; nothing to ask before 1.1. NETWORK_FAILED says why not. */
export async function status(list: NetworkList, limits: CniLimits): Promise<void> {
  if (!atLeast(list, '1.1.0')) return;
  const operation = start('STATUS', list, undefined, limits);
  for (const plugin of list.plugins) await call(operation, plugin, {});
}

/** Tells the plugins which attachments exist, so that they free everything else. False if the list has no GC. */
export async function gc(
  list: NetworkList,
  valid: readonly Pick<Invocation, 'containerId' | 'ifname'>[],
  limits: CniLimits,
): Promise<boolean> {
  if (!atLeast(list, '1.1.0') || list.disableGc) return false;
  const operation = start('GC', list, undefined, limits);
  const attachments = valid.map(({ containerId, ifname }) => ({ containerID: containerId, ifname }));
  for (const plugin of list.plugins) await call(operation, plugin, { 'cni.dev/valid-attachments': attachments });
  return true;
}

function start(
  command: Command,
  list: NetworkList,
  invocation: Invocation | undefined,
  limits: CniLimits,
  signal?: AbortSignal,
): Operation {
  return { command, list, invocation, limits, deadline: Date.now() + limits.timeoutMs, signal };
}

function prevResult(result: RawResult | undefined): Readonly<Record<string, unknown>> {
  return result === undefined ? {} : { prevResult: result };
}

async function call(
  operation: Operation,
  plugin: CniPlugin,
  extra: Readonly<Record<string, unknown>>,
): Promise<PluginExit> {
  const { invocation, limits, deadline, signal } = operation;
  const program = await findPlugin(plugin.type, limits.binDirs);
  const config = { ...executionConfig(operation.list, plugin, invocation), ...extra };
  let exit: PluginExit;
  try {
    exit = await runPlugin({
      program,
      env: environment(operation),
      config,
      deadline,
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (!isBoxError(error, 'DEADLINE')) throw error;
    throw failure(operation, plugin, error.message, error);
  }
  if (exit.code !== 0) throw failure(operation, plugin, complaint(exit));
  return exit;
}

/** Section 3, "deriving execution configuration": what is the runtime's goes out, name, version and runtimeConfig go in. */
export function executionConfig(
  { name, cniVersion }: NetworkList,
  plugin: CniPlugin,
  invocation: Invocation | undefined,
): Readonly<Record<string, unknown>> {
  const { capabilities = {}, ...own } = plugin;
  const wanted = Object.entries(invocation?.capabilityArgs ?? {}).filter(([key]) => capabilities[key] === true);
  return {
    ...own,
    name,
    cniVersion,
    ...(wanted.length === 0 ? {} : { runtimeConfig: Object.fromEntries(wanted) }),
  };
}

function environment({ command, invocation, limits }: Operation): Readonly<Record<string, string>> {
  const path = { CNI_COMMAND: command, CNI_PATH: limits.binDirs.join(':') };
  if (invocation === undefined) return path;
  const { containerId, netns, ifname, args } = invocation;
  return { ...path, CNI_CONTAINERID: containerId, CNI_NETNS: netns, CNI_IFNAME: ifname, CNI_ARGS: args };
}

/** The plugin's own words: its error object on stdout, and what it wrote to stderr. */
function complaint({ code, stdout, stderr }: PluginExit): string {
  const error = parseError(stdout);
  const said =
    error === undefined
      ? `it ended with ${code} and no error object: ${JSON.stringify(stdout.slice(0, QUOTED))}`
      : [error.msg, error.details ?? ''].filter((part) => part !== '').join('; ') + ` (code ${error.code})`;
  return stderr === '' ? said : `${said}; stderr: ${stderr.slice(-QUOTED)}`;
}

function failure({ command, list, invocation }: Operation, plugin: CniPlugin, what: string, cause?: unknown): BoxError {
  const whom = invocation === undefined ? '' : ` for sandbox ${invocation.containerId}`;
  return new BoxError(
    'NETWORK_FAILED',
    `CNI plugin ${plugin.type} (${command}, network ${list.name} of ${list.path}) failed${whom}: ${what}`,
    { cause },
  );
}
