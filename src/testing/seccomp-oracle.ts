/** What a seccomp profile means, read from the profile itself, call by call: the oracle of the compiler's property tests. */
import type { Action, Argument, Profile, Syscall } from '../runtime/seccomp/profile.ts';
import type { Environment } from '../runtime/seccomp/resolve.ts';
import { type Architecture, callNumbers } from '../runtime/seccomp/syscalls.ts';
import { AUDIT_X86, AUDIT_X86_64, type SystemCall } from './bpf-machine.ts';

export const ENVIRONMENT: Environment = { capabilities: ['CAP_CHOWN'], kernel: '6.12.91' };
/** SECCOMP_RET_ of linux/seccomp.h, written out once more: the compiler's own table is among what is tested. */
export const VERDICT = {
  killProcess: 0x8000_0000,
  killThread: 0x0000_0000,
  trap: 0x0003_0000,
  errno: 0x0005_0000,
  trace: 0x7ff0_0000,
  log: 0x7ffc_0000,
  allow: 0x7fff_0000,
} as const;
const EPERM = 1;
const ENOSYS = VERDICT.errno + 38;

/** What the profile says of a call, read from the profile itself. */
export function evaluate(profile: Profile, { architecture, number, args = [] }: SystemCall): number {
  const named = (name: string): boolean => profile.architectures.includes(`SCMP_ARCH_${name}`);
  if (architecture === AUDIT_X86_64 && number === 0xffff_ffff) return ENOSYS;
  if (architecture === AUDIT_X86_64 && number >= 0x4000_0000) return named('X32') ? ENOSYS : VERDICT.killThread;
  if (architecture === AUDIT_X86_64) return onArchitecture('x86_64', profile, number, args);
  if (architecture === AUDIT_X86 && named('X86')) return onArchitecture('x86', profile, number, args);
  return VERDICT.killThread;
}

function onArchitecture(on: Architecture, profile: Profile, number: number, args: readonly bigint[]): number {
  const fallback = resultOf(profile.defaultAction, profile.defaultErrnoRet);
  const rules = profile.syscalls
    .filter(({ includes }) => !includes || holds(includes, 'every'))
    .filter(({ excludes }) => !excludes || !holds(excludes, 'some'));
  const known = rules.flatMap(({ names }) => names.flatMap((name) => callNumbers(on, name)));
  const verdicts = rules
    .flatMap((rule) => rule.names.flatMap((name) => callNumbers(on, name).map((form) => ({ rule, form }))))
    .filter(({ rule, form }) => form.number === number && resultOf(rule.action, rule.errnoRet) !== fallback);
  const first =
    verdicts.find(({ rule, form }) => form.selector === undefined && rule.args.length === 0) ??
    verdicts.find(({ rule, form: { selector } }) =>
      selector === undefined ? matches(on, rule, args) : ((args[0] ?? 0n) & selector.mask) === selector.value,
    );
  if (first !== undefined) return resultOf(first.rule.action, first.rule.errnoRet);
  const denies = !['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE'].includes(profile.defaultAction);
  return denies && known.length > 0 && known.every((form) => form.number < number) ? ENOSYS : fallback;
}

/** libseccomp's actions; `number` goes with those that carry one. */
function resultOf(action: Action, number: number | null | undefined): number {
  const results: Readonly<Record<Action, number>> = {
    SCMP_ACT_KILL: VERDICT.killThread,
    SCMP_ACT_KILL_THREAD: VERDICT.killThread,
    SCMP_ACT_KILL_PROCESS: VERDICT.killProcess,
    SCMP_ACT_TRAP: VERDICT.trap,
    SCMP_ACT_ERRNO: VERDICT.errno + (number ?? EPERM),
    SCMP_ACT_TRACE: VERDICT.trace + (number ?? EPERM),
    SCMP_ACT_LOG: VERDICT.log,
    SCMP_ACT_ALLOW: VERDICT.allow,
    // refused when a profile is read
    SCMP_ACT_NOTIFY: NaN,
  };
  return results[action];
}

/** On an amd64 machine with ENVIRONMENT: every part that is there, or one part of them. */
function holds({ caps, arches, minKernel }: NonNullable<Syscall['includes']>, how: 'every' | 'some'): boolean {
  const parts = [
    ...(how === 'every' ? [arches.length === 0 || arches.includes('amd64')] : [arches.includes('amd64')]),
    ...caps.map((cap) => cap === 'CAP_CHOWN'),
    ...(minKernel ? [Number(minKernel) <= 6.12] : []),
  ];
  return how === 'every' ? parts.every(Boolean) : parts.some(Boolean);
}

function matches(on: Architecture, { args: conditions }: Syscall, args: readonly bigint[]): boolean {
  const bits = on === 'x86' ? 32 : 64;
  const tests = conditions.map((condition) => compare(condition, args[condition.index] ?? 0n, bits));
  const repeats = new Set(conditions.map(({ index }) => index)).size < conditions.length;
  return repeats ? tests.some(Boolean) : tests.every(Boolean);
}

/** One condition, on a machine of so many bits. */
export function compare({ op, value, valueTwo }: Argument, actual: bigint, bits: number): boolean {
  const wanted = BigInt.asUintN(bits, value);
  switch (op) {
    case 'SCMP_CMP_NE':
      return actual !== wanted;
    case 'SCMP_CMP_LT':
      return actual < wanted;
    case 'SCMP_CMP_LE':
      return actual <= wanted;
    case 'SCMP_CMP_EQ':
      return actual === wanted;
    case 'SCMP_CMP_GE':
      return actual >= wanted;
    case 'SCMP_CMP_GT':
      return actual > wanted;
    case 'SCMP_CMP_MASKED_EQ':
      return (actual & wanted) === (BigInt.asUintN(bits, valueTwo) & wanted);
  }
}
