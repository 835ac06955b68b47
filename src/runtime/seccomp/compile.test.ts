import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AUDIT_X86, AUDIT_X86_64, checkProgram, runProgram, type SystemCall } from '../../testing/bpf-machine.ts';
import { ENVIRONMENT, evaluate, VERDICT } from '../../testing/seccomp-oracle.ts';
import { encode } from './bpf.ts';
import { compile } from './compile.ts';
import { ACTIONS, checkProfile, OPERATORS, type ProfileSource } from './profile.ts';
import { resolveProfile } from './resolve.ts';
import { X86_64_CALLS } from './syscall-numbers.ts';
import { callNumbers } from './syscalls.ts';

const EPERM = VERDICT.errno + 1;

const HALVES = [0n, 1n, 2n, 5n, 0xffn, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn];
/** Calls on both architectures, on one of them, through a multiplexer, the multiplexers, the newest, and none. */
const NAMES = (
  'read write open chmod clone personality futex mseal rseq_slice_yield socket accept connect semop shmget socketcall ipc ' +
  'chown32 umount arch_prctl no_such_call constructor'
).split(' ');
const VALUES = [...HALVES, ...HALVES.map((half) => half << 32n), 0x7e02_0000n, 2n ** 64n - 1n, 0xdead_beef_0000_0001n];

const value = fc.oneof(fc.constantFrom(...VALUES), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
const arg = fc.record({
  index: fc.integer({ min: 0, max: 5 }),
  value,
  valueTwo: value,
  op: fc.constantFrom(...OPERATORS),
});
const action = fc.constantFrom(...ACTIONS.filter((each) => each !== 'SCMP_ACT_NOTIFY'));
const errno = fc.option(fc.integer({ min: 0, max: 4095 }));
const filter = fc.option(
  fc.record({
    caps: fc.subarray(['CAP_CHOWN', 'CAP_SYS_ADMIN']),
    arches: fc.subarray(['amd64', 's390x']),
    minKernel: fc.option(fc.constantFrom('4.8', '6.12', '6.13', '7.0')),
  }),
  { freq: 4 },
);
const syscall = fc.record({
  names: fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 5 }),
  action,
  errnoRet: errno,
  args: fc.oneof(fc.constant([]), fc.array(arg, { minLength: 1, maxLength: 4 })),
  includes: filter,
  excludes: filter,
});
const profile = fc.record({
  defaultAction: action,
  defaultErrnoRet: errno,
  architectures: fc.subarray(['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32', 'SCMP_ARCH_AARCH64']),
  syscalls: fc.array(syscall, { maxLength: 12 }),
});
const ODD_NUMBERS = [0, 400, 471, 472, 1000, 0x3fff_ffff, 0x4000_0000, 0x4000_0001, 0xffff_fffe, 0xffff_ffff];
const numbers = NAMES.flatMap((name) => [...callNumbers('x86_64', name), ...callNumbers('x86', name)])
  .map(({ number }) => number)
  .concat(ODD_NUMBERS);
const call: fc.Arbitrary<SystemCall> = fc
  .record({
    architecture: fc.constantFrom(AUDIT_X86_64, AUDIT_X86_64, AUDIT_X86, 0xc000_00b7),
    number: fc.constantFrom(...numbers),
    args: fc.array(value, { minLength: 6, maxLength: 6 }),
  })
  // a 32-bit program has 32-bit arguments
  .map((made) =>
    made.architecture === AUDIT_X86 ? { ...made, args: made.args.map((each) => BigInt.asUintN(32, each)) } : made,
  );

const compiled = (source: ProfileSource) => compile('test', resolveProfile(checkProfile('test', source), ENVIRONMENT));

describe('a compiled seccomp profile', () => {
  it('says of every call what the profile says', () => {
    fc.assert(
      fc.property(profile, fc.array(call, { minLength: 40, maxLength: 40 }), (source, calls) => {
        const parsed = checkProfile('random', source);
        const program = compile('random', resolveProfile(parsed, ENVIRONMENT));
        checkProgram(program);
        for (const each of calls)
          assert.equal(runProgram(program, each), evaluate(parsed, each), JSON.stringify(each, text));
      }),
      { numRuns: 400 },
    );
  });

  it('stays right when branches are too long for a conditional jump', () => {
    const names = X86_64_CALLS.trim()
      .split('\n')
      .flatMap((line) => line.split(' ').slice(1));
    const source: ProfileSource = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: names.map((name, index) => ({
        names: [name],
        action: 'SCMP_ACT_ERRNO',
        errnoRet: index % 200,
        args: [{ index: index % 6, value: index, op: 'SCMP_CMP_EQ' }],
      })),
    };
    const program = compiled(source);
    checkProgram(program);
    assert.ok(program.length > 2000, `${program.length}`);
    for (const [index, name] of names.entries()) {
      const number = callNumbers('x86_64', name)[0]?.number ?? -1;
      const args = [0n, 0n, 0n, 0n, 0n, 0n].with(index % 6, BigInt(index));
      const verdict = (over: readonly bigint[]): number =>
        runProgram(program, { architecture: AUDIT_X86_64, number, args: over });
      assert.equal(verdict(args), VERDICT.errno + (index % 200), name);
      assert.equal(verdict(args.map((each) => each + 1n)), VERDICT.allow, name);
    }
  });

  it('is refused when the kernel would not take it', () => {
    const values = Array.from({ length: 1000 }, (_, index) => index);
    const source: ProfileSource = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: values.map((each) => ({
        names: ['ioctl'],
        action: 'SCMP_ACT_ERRNO',
        args: [{ index: 1, value: each, op: 'SCMP_CMP_EQ' }],
      })),
    };
    assert.throws(() => compiled(source), { reason: 'PROFILE_INVALID', message: /5\d{3} instructions/ });
  });

  it('prefers a rule without arguments, whatever its place', () => {
    const rule = { names: ['chmod'], args: [{ index: 1, value: 0, op: 'SCMP_CMP_EQ' }] } as const;
    const source: ProfileSource = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [
        { ...rule, names: ['chmod'], args: [...rule.args], action: 'SCMP_ACT_LOG' },
        { names: ['chmod'], action: 'SCMP_ACT_ERRNO' },
      ],
    };
    assert.equal(runProgram(compiled(source), { architecture: AUDIT_X86_64, number: 90 }), EPERM);
  });

  it('is an array of struct sock_filter', () => {
    const program = compiled({ defaultAction: 'SCMP_ACT_LOG' });
    const bytes = encode(program);
    assert.equal(bytes.length, program.length * 8);
    assert.equal(bytes.subarray(0, 8).toString('hex'), '2000000004000000');
    assert.equal(bytes.subarray(8, 16).toString('hex'), '150001003e0000c0');
  });
});

function text(_key: string, each: unknown): unknown {
  return typeof each === 'bigint' ? each.toString(16) : each;
}
