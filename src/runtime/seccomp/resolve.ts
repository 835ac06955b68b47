/**
 * A profile, for one container on one kernel → for each architecture, what becomes of every system call. Pure.
 *
 * Where the profile language leaves a choice, the answer is what runc and libseccomp give: a rule that says what the default
 * says is no rule; a rule without arguments wins over those with arguments, the first of several such counts; two conditions
 * on one argument are two rules; calls newer than any the profile names get ENOSYS instead of a default that denies, so that
 * programs fall back to older ones; names an architecture does not know are skipped. Of several rules with arguments that
 * match, the first in the profile counts.
 */
import { RETURN } from './bpf.ts';
import type { Action, Argument, Flag, Profile, Syscall, SyscallFilter } from './profile.ts';
import { type Architecture, type CallNumber, callNumbers } from './syscalls.ts';

export interface Environment {
  /** The container's bounding set, as `CAP_…`. */
  readonly capabilities: readonly string[];
  /** The guest kernel's release, e.g. `6.12.91`. */
  readonly kernel: string;
}

export interface ConditionalRule {
  /** All must hold. */
  readonly conditions: readonly Argument[];
  readonly result: number;
}

export interface Call {
  /** The first that matches counts. */
  readonly conditional: readonly ConditionalRule[];
  readonly otherwise: number;
}

/** Results are SECCOMP_RET_ values. */
export interface Policy {
  readonly calls: ReadonlyMap<number, Call>;
  readonly fallback: number;
  /** Numbers from here on get ENOSYS; undefined: they get the fallback. */
  readonly unknownFrom: number | undefined;
}

export interface ResolvedProfile {
  readonly x86_64: Policy;
  /** undefined: the profile does not name the architecture, whose calls are killed then. */
  readonly x86: Policy | undefined;
  /** Whether the profile names x32, which the guest's kernel does not have. */
  readonly x32: boolean;
  /** SECCOMP_FILTER_FLAG_ values. */
  readonly flags: number;
}

const EPERM = 1;
export const ENOSYS = 38;
/** How Docker's profiles call the architecture in `includes` and `excludes`. */
const GO_ARCHITECTURE = 'amd64';
const NATIVE = 'SCMP_ARCH_X86_64';

/** A process that installs a filter has one thread, and a filter without a listener waits for nobody: two have no effect. */
const FLAG_BITS: Readonly<Record<Flag, number>> = {
  SECCOMP_FILTER_FLAG_TSYNC: 0,
  SECCOMP_FILTER_FLAG_LOG: 2,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 4,
  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: 0,
};

export function resolveProfile(profile: Profile, environment: Environment): ResolvedProfile {
  const rules = profile.syscalls.filter((rule) => applies(rule, environment));
  const architectures = architecturesOf(profile);
  return {
    x86_64: policy('x86_64', profile, rules),
    x86: architectures.includes('SCMP_ARCH_X86') ? policy('x86', profile, rules) : undefined,
    x32: architectures.includes('SCMP_ARCH_X32'),
    flags: profile.flags.reduce((bits, flag) => bits | FLAG_BITS[flag], 0),
  };
}

function architecturesOf({ architectures, archMap }: Profile): readonly string[] {
  const native = archMap.find(({ architecture }) => architecture === NATIVE);
  return native === undefined ? architectures : native.subArchitectures;
}

/** Includes must all hold; one of the excludes suffices. */
function applies({ includes, excludes }: Syscall, environment: Environment): boolean {
  return (!includes || included(includes, environment)) && (!excludes || !excluded(excludes, environment));
}

function included({ caps, arches, minKernel }: SyscallFilter, { capabilities, kernel }: Environment): boolean {
  return (
    (arches.length === 0 || arches.includes(GO_ARCHITECTURE)) &&
    caps.every((cap) => capabilities.includes(cap)) &&
    (!minKernel || atLeast(kernel, minKernel))
  );
}

function excluded({ caps, arches, minKernel }: SyscallFilter, { capabilities, kernel }: Environment): boolean {
  return (
    arches.includes(GO_ARCHITECTURE) ||
    caps.some((cap) => capabilities.includes(cap)) ||
    (Boolean(minKernel) && atLeast(kernel, minKernel ?? ''))
  );
}

function atLeast(kernel: string, wanted: string): boolean {
  const [major, minor] = version(kernel);
  const [wantedMajor, wantedMinor] = version(wanted);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/** The guest says what its kernel is; what is no version is older than any. */
function version(text: string): readonly [number, number] {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(text) ?? [];
  return [Number(major), Number(minor)];
}

function policy(architecture: Architecture, profile: Profile, rules: readonly Syscall[]): Policy {
  const fallback = resultOf(profile.defaultAction, profile.defaultErrnoRet);
  const named = rules.flatMap((rule) =>
    rule.names.flatMap((name) => callNumbers(architecture, name).map((call) => ({ rule, call }))),
  );
  const found = new Map<number, ConditionalRule[]>();
  for (const { rule, call } of named) {
    const result = resultOf(rule.action, rule.errnoRet);
    if (result === fallback) continue;
    const known = found.get(call.number) ?? [];
    known.push(...alternatives(architecture, rule, call).map((conditions) => ({ conditions, result })));
    found.set(call.number, known);
  }
  return {
    calls: new Map([...found].map(([number, conditional]) => [number, toCall(conditional, fallback)])),
    fallback,
    unknownFrom:
      permits(profile.defaultAction) || named.length === 0
        ? undefined
        : named.reduce((last, { call }) => Math.max(last, call.number), 0) + 1,
  };
}

/** Each alternative is a set of conditions that must all hold. */
function alternatives(
  architecture: Architecture,
  { args }: Syscall,
  { selector }: CallNumber,
): readonly (readonly Argument[])[] {
  if (selector !== undefined) {
    return [[{ index: 0, op: 'SCMP_CMP_MASKED_EQ', value: selector.mask, valueTwo: selector.value }]];
  }
  const seen = architecture === 'x86' ? args.map(low) : args;
  const repeats = new Set(seen.map(({ index }) => index)).size < seen.length;
  return repeats ? seen.map((arg) => [arg]) : [seen];
}

/** A 32-bit program has no more of an argument. */
function low(arg: Argument): Argument {
  return { ...arg, value: BigInt.asUintN(32, arg.value), valueTwo: BigInt.asUintN(32, arg.valueTwo) };
}

function toCall(rules: readonly ConditionalRule[], fallback: number): Call {
  const always = rules.find(({ conditions }) => conditions.length === 0);
  return always === undefined
    ? { conditional: rules, otherwise: fallback }
    : { conditional: [], otherwise: always.result };
}

/** A tracer can answer for calls it does not know; an allowing default must not take any away. */
function permits(action: Action): boolean {
  return action === 'SCMP_ACT_ALLOW' || action === 'SCMP_ACT_LOG' || action === 'SCMP_ACT_TRACE';
}

/** The value that a filter returns for an action. */
export function resultOf(action: Action, errnoRet: number | null | undefined): number {
  switch (action) {
    case 'SCMP_ACT_KILL':
    case 'SCMP_ACT_KILL_THREAD':
      return RETURN.killThread;
    case 'SCMP_ACT_KILL_PROCESS':
    case 'SCMP_ACT_NOTIFY': // refused when the profile was read
      return RETURN.killProcess;
    case 'SCMP_ACT_TRAP':
      return RETURN.trap;
    case 'SCMP_ACT_ERRNO':
      return RETURN.errno + (errnoRet ?? EPERM);
    case 'SCMP_ACT_TRACE':
      return RETURN.trace + (errnoRet ?? EPERM);
    case 'SCMP_ACT_LOG':
      return RETURN.log;
    case 'SCMP_ACT_ALLOW':
      return RETURN.allow;
  }
}
