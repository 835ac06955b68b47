/**
 * A resolved profile → a classic BPF program. Pure.
 *
 * Layout: the architecture, then a binary search over the call numbers, whose leaves are return values or tests of arguments.
 * Runs of numbers with one result are one leaf. A branch too long for a conditional jump is reached by an unconditional one,
 * which can skip anything, so only the kernel's limit on the whole program remains.
 */
import { BoxError } from '../../errors.ts';
import {
  ARCHITECTURE_OFFSET,
  CODE,
  type Instruction,
  MAX_INSTRUCTIONS,
  MAX_SKIP,
  NUMBER_OFFSET,
  RETURN,
  statement,
} from './bpf.ts';
import { testCondition } from './conditions.ts';
import { type Call, ENOSYS, type Policy, type ResolvedProfile } from './resolve.ts';
import type { Architecture } from './syscalls.ts';

/** linux/audit.h. */
const AUDIT_ARCH: Readonly<Record<Architecture, number>> = { x86_64: 0xc000_003e, x86: 0x4000_0003 };
/** Calls of the x32 ABI have this bit in their number, and x86_64's architecture. */
const X32_BIT = 0x4000_0000;
/** What a tracer makes of a call that is to be skipped; the kernel knows no such call. */
const NO_CALL = 0xffff_ffff;
const UNKNOWN_CALL = RETURN.errno + ENOSYS;

/** Call numbers from `start` up to the next segment's have one outcome. */
interface Segment {
  readonly start: number;
  readonly call: Call;
}

/** PROFILE_INVALID if the kernel would not take so long a program; `name` is the profile's. */
export function compile(name: string, { x86_64, x86, x32 }: ResolvedProfile): readonly Instruction[] {
  const outsideX86_64 = x86 === undefined ? [always(RETURN.killThread)] : onArchitecture('x86', segments(x86));
  const program = [
    statement(CODE.loadWord, ARCHITECTURE_OFFSET),
    ...branch(CODE.jumpEqual, AUDIT_ARCH.x86_64, outsideX86_64, numbered(withX32(segments(x86_64), x32))),
  ];
  if (program.length > MAX_INSTRUCTIONS) {
    throw new BoxError(
      'PROFILE_INVALID',
      `seccomp profile ${name} makes a filter of ${program.length} instructions, the kernel takes ${MAX_INSTRUCTIONS}: use fewer rules with arguments`,
    );
  }
  return program;
}

/** What is neither x86_64 nor this architecture is killed, as libseccomp does. */
function onArchitecture(architecture: Architecture, calls: readonly Segment[]): readonly Instruction[] {
  return branch(CODE.jumpEqual, AUDIT_ARCH[architecture], [always(RETURN.killThread)], numbered(calls));
}

function numbered(calls: readonly Segment[]): readonly Instruction[] {
  return [statement(CODE.loadWord, NUMBER_OFFSET), ...search(calls)];
}

function search(calls: readonly Segment[]): readonly Instruction[] {
  const middle = calls[calls.length >> 1];
  if (middle === undefined || calls.length === 1) return calls.flatMap(({ call }) => outcome(call));
  const below = search(calls.filter(({ start }) => start < middle.start));
  const from = search(calls.filter(({ start }) => start >= middle.start));
  return branch(CODE.jumpGreaterOrEqual, middle.start, below, from);
}

/** Both parts end by returning. */
function branch(
  code: number,
  k: number,
  otherwise: readonly Instruction[],
  holds: readonly Instruction[],
): readonly Instruction[] {
  const { length } = otherwise;
  const jumps =
    length <= MAX_SKIP ? [{ code, jt: length, jf: 0, k }] : [{ code, jt: 0, jf: 1, k }, statement(CODE.jump, length)];
  return [...jumps, ...otherwise, ...holds];
}

function outcome({ conditional, otherwise }: Call): readonly Instruction[] {
  const rules = conditional.flatMap(({ conditions, result }) => testCondition(conditions, always(result)));
  return [...rules, always(otherwise)];
}

function always(result: number): Instruction {
  return statement(CODE.return, result);
}

/** Every number has a segment; neighbours with the same plain result are one. */
function segments({ calls, fallback, unknownFrom }: Policy): readonly Segment[] {
  const rest = plain(fallback);
  const starts: Segment[] = [{ start: 0, call: rest }];
  for (const [number, call] of [...calls].toSorted(([a], [b]) => a - b)) {
    starts.push({ start: number, call }, { start: number + 1, call: rest });
  }
  if (unknownFrom !== undefined) starts.push({ start: unknownFrom, call: plain(UNKNOWN_CALL) });
  // the last one that was said of a number counts: a call's own segment, not the one that ends its predecessor's
  const bounds = new Map(starts.map(({ start, call }) => [start, call]));
  return joined([...bounds].map(([start, call]) => ({ start, call })));
}

function withX32(calls: readonly Segment[], named: boolean): readonly Segment[] {
  const x32 = plain(named ? UNKNOWN_CALL : RETURN.killThread);
  return joined([...calls, { start: X32_BIT, call: x32 }, { start: NO_CALL, call: plain(UNKNOWN_CALL) }]);
}

function joined(all: readonly Segment[]): readonly Segment[] {
  return all.filter(({ call }, index) => {
    const before = all[index - 1];
    return before === undefined || !isPlain(call) || !isPlain(before.call) || call.otherwise !== before.call.otherwise;
  });
}

function plain(result: number): Call {
  return { conditional: [], otherwise: result };
}

function isPlain({ conditional }: Call): boolean {
  return conditional.length === 0;
}
