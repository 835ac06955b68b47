/** Classic BPF as seccomp(2) takes it: instructions, the offsets of struct seccomp_data, return values, encoding. */

/** One struct sock_filter. Jumps are relative to the next instruction. */
export interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

/** linux/bpf_common.h, those combinations that a filter needs. */
export const CODE = {
  loadWord: 0x20,
  and: 0x54,
  jump: 0x05,
  jumpEqual: 0x15,
  jumpGreater: 0x25,
  jumpGreaterOrEqual: 0x35,
  return: 0x06,
} as const;

/** linux/seccomp.h; `errno` and `trace` take a number in their lower 16 bits. */
export const RETURN = {
  killProcess: 0x8000_0000,
  killThread: 0,
  trap: 0x0003_0000,
  errno: 0x0005_0000,
  trace: 0x7ff0_0000,
  log: 0x7ffc_0000,
  allow: 0x7fff_0000,
} as const;

/** Offsets in struct seccomp_data. */
export const NUMBER_OFFSET = 0;
export const ARCHITECTURE_OFFSET = 4;
/** BPF_MAXINSNS. */
export const MAX_INSTRUCTIONS = 4096;
/** What a conditional jump can skip. */
export const MAX_SKIP = 255;

const INSTRUCTION_BYTES = 8;

/** Where half of an argument lies: x86 is little-endian. */
export function argumentOffset(index: number, half: 'low' | 'high'): number {
  return 16 + 8 * index + (half === 'high' ? 4 : 0);
}

export function statement(code: number, k: number): Instruction {
  return { code, jt: 0, jf: 0, k };
}

/** An array of struct sock_filter. */
export function encode(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * INSTRUCTION_BYTES);
  for (const [index, { code, jt, jf, k }] of program.entries()) {
    const at = index * INSTRUCTION_BYTES;
    bytes.writeUInt16LE(code, at);
    bytes.writeUInt8(jt, at + 2);
    bytes.writeUInt8(jf, at + 3);
    bytes.writeUInt32LE(k, at + 4);
  }
  return bytes;
}
