/** Conditions on a call's arguments → instructions. Pure. Arguments have 64 bits, the accumulator has 32. */
import { argumentOffset, CODE, type Instruction, statement } from './bpf.ts';
import type { Argument } from './profile.ts';

/** Where a test leads: to the next instruction, to the end of its condition, or past the whole rule. */
type Target = 'next' | 'holds' | 'fails';

type Step = { readonly code: number; readonly k: number } & (
  | { readonly yes: Target; readonly no: Target }
  | { readonly yes?: undefined }
);

/** `result` is executed if all conditions hold; else what follows. At most 6 × 6 instructions and the result, so that no jump is too long. */
export function testCondition(conditions: readonly Argument[], result: Instruction): readonly Instruction[] {
  let rest: readonly Instruction[] = [result];
  for (const condition of conditions.toReversed()) rest = [...assemble(steps(condition), rest.length), ...rest];
  return rest;
}

function assemble(list: readonly Step[], after: number): readonly Instruction[] {
  return list.map((step, index) => {
    const left = list.length - index - 1;
    const skip = { next: 0, holds: left, fails: left + after };
    const { code, k } = step;
    return step.yes === undefined ? statement(code, k) : { code, k, jt: skip[step.yes], jf: skip[step.no] };
  });
}

function steps({ index, op, value, valueTwo }: Argument): readonly Step[] {
  const high = { code: CODE.loadWord, k: argumentOffset(index, 'high') };
  const low = { code: CODE.loadWord, k: argumentOffset(index, 'low') };
  const [valueHigh, valueLow] = halves(value);
  const test = (code: number, k: number, yes: Target, no: Target): Step => ({ code, k, yes, no });
  switch (op) {
    case 'SCMP_CMP_EQ':
      return [
        high,
        test(CODE.jumpEqual, valueHigh, 'next', 'fails'),
        low,
        test(CODE.jumpEqual, valueLow, 'holds', 'fails'),
      ];
    case 'SCMP_CMP_NE':
      return [
        high,
        test(CODE.jumpEqual, valueHigh, 'next', 'holds'),
        low,
        test(CODE.jumpEqual, valueLow, 'fails', 'holds'),
      ];
    case 'SCMP_CMP_MASKED_EQ': {
      const [wantedHigh, wantedLow] = halves(valueTwo & value);
      return [
        high,
        { code: CODE.and, k: valueHigh },
        test(CODE.jumpEqual, wantedHigh, 'next', 'fails'),
        low,
        { code: CODE.and, k: valueLow },
        test(CODE.jumpEqual, wantedLow, 'holds', 'fails'),
      ];
    }
    case 'SCMP_CMP_GT':
    case 'SCMP_CMP_GE':
    case 'SCMP_CMP_LE':
    case 'SCMP_CMP_LT': {
      // the last two are the first two, turned round
      const greater = op === 'SCMP_CMP_GT' || op === 'SCMP_CMP_GE';
      const [yes, no]: readonly [Target, Target] = greater ? ['holds', 'fails'] : ['fails', 'holds'];
      const strict = op === 'SCMP_CMP_GT' || op === 'SCMP_CMP_LE';
      return [
        high,
        test(CODE.jumpGreater, valueHigh, yes, 'next'),
        test(CODE.jumpEqual, valueHigh, 'next', no),
        low,
        test(strict ? CODE.jumpGreater : CODE.jumpGreaterOrEqual, valueLow, yes, no),
      ];
    }
  }
}

function halves(value: bigint): readonly [number, number] {
  return [Number(value >> 32n), Number(value & 0xffff_ffffn)];
}
