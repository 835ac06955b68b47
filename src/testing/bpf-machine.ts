/** Classic BPF as the kernel checks and runs it for seccomp(2): the other side of src/runtime/seccomp. */
import assert from 'node:assert/strict';
import { ARCHITECTURE_OFFSET, argumentOffset, CODE, type Instruction, NUMBER_OFFSET } from '../runtime/seccomp/bpf.ts';

export const AUDIT_X86_64 = 0xc000_003e;
export const AUDIT_X86 = 0x4000_0003;

/** What struct seccomp_data holds; all numbers unsigned. */
export interface SystemCall {
  readonly architecture: number;
  readonly number: number;
  /** Six of 64 bits; missing ones are 0. */
  readonly args?: readonly bigint[];
}

/** Fails unless the kernel would take the program: known instructions, jumps inside it, a return at its end. */
export function checkProgram(program: readonly Instruction[]): void {
  assert.ok(program.length >= 1 && program.length <= 4096, `${program.length} instructions`);
  for (const [index, { code, jt, jf, k }] of program.entries()) {
    const left = program.length - index - 1;
    assert.ok(k >= 0 && k <= 0xffff_ffff, `instruction ${index}: operand ${k}`);
    assert.ok(jt >= 0 && jt <= 255 && jf >= 0 && jf <= 255, `instruction ${index}: jump of ${jt}, ${jf}`);
    switch (code) {
      case CODE.loadWord:
        assert.ok(k % 4 === 0 && k < 64, `instruction ${index} loads from ${k}`);
        break;
      case CODE.jump:
        assert.ok(k < left, `instruction ${index} jumps out`);
        break;
      case CODE.jumpEqual:
      case CODE.jumpGreater:
      case CODE.jumpGreaterOrEqual:
        assert.ok(jt < left && jf < left, `instruction ${index} jumps out`);
        break;
      case CODE.and:
      case CODE.return:
        break;
      default:
        assert.fail(`instruction ${index} has code ${code}`);
    }
  }
  assert.equal(program.at(-1)?.code, CODE.return);
}

/** The filter's verdict on a call. */
export function runProgram(program: readonly Instruction[], call: SystemCall): number {
  let accumulator = 0;
  for (let at = 0; ; at += 1) {
    const instruction = program[at];
    assert.ok(instruction !== undefined, `the program ran out at ${at}`);
    const { code, jt, jf, k } = instruction;
    const jump = (holds: boolean): void => {
      at += holds ? jt : jf;
    };
    if (code === CODE.loadWord) accumulator = load(call, k);
    else if (code === CODE.and) accumulator = (accumulator & k) >>> 0;
    else if (code === CODE.jump) at += k;
    else if (code === CODE.jumpEqual) jump(accumulator === k);
    else if (code === CODE.jumpGreater) jump(accumulator > k);
    else if (code === CODE.jumpGreaterOrEqual) jump(accumulator >= k);
    else return k;
  }
}

function load({ architecture, number, args = [] }: SystemCall, offset: number): number {
  if (offset === NUMBER_OFFSET) return number;
  if (offset === ARCHITECTURE_OFFSET) return architecture;
  for (let index = 0; index < 6; index += 1) {
    const value = args[index] ?? 0n;
    if (offset === argumentOffset(index, 'low')) return Number(value & 0xffff_ffffn);
    if (offset === argumentOffset(index, 'high')) return Number(value >> 32n);
  }
  return 0; // the instruction pointer
}
