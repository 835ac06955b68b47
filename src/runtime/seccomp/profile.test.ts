import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isBoxError } from '../../errors.ts';
import { parseProfile } from './profile.ts';

const parse = (value: unknown) => parseProfile('p.json', JSON.stringify(value));
const minimal = { defaultAction: 'SCMP_ACT_ALLOW' };
const call = { names: ['chmod'], action: 'SCMP_ACT_ERRNO' };

describe('parseProfile', () => {
  it('reads what critest writes', () => {
    const { defaultAction, syscalls } = parse({ ...minimal, syscalls: [call] });
    assert.equal(defaultAction, 'SCMP_ACT_ALLOW');
    assert.deepEqual([syscalls[0]?.names, syscalls[0]?.args], [['chmod'], []]);
  });

  it('reads what Docker adds, and what Go writes for nothing', () => {
    const profile = parse({
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 1,
      archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }],
      syscalls: [
        { name: 'clone', action: 'SCMP_ACT_ALLOW', args: null, comment: '', includes: {}, excludes: { caps: null } },
        { names: ['ptrace'], action: 'SCMP_ACT_ALLOW', includes: { minKernel: '4.8' } },
      ],
    });
    assert.deepEqual(profile.syscalls[0]?.names, ['clone']);
    assert.deepEqual(profile.syscalls[0]?.excludes, { caps: [], arches: [] });
  });

  it('keeps all 64 bits of a number', () => {
    const args = '[{"index":0,"value":18446744073709551615,"valueTwo":9007199254740993,"op":"SCMP_CMP_MASKED_EQ"}]';
    const text = `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["x"],"action":"SCMP_ACT_KILL","args":${args}}]}`;
    const [arg] = parseProfile('p', text).syscalls[0]?.args ?? [];
    assert.deepEqual([arg?.value, arg?.valueTwo], [2n ** 64n - 1n, 9007199254740993n]);
  });

  const arg = { index: 0, value: 0, op: 'SCMP_CMP_EQ' };
  const withArg = (over: object) => ({ ...minimal, syscalls: [{ ...call, args: [{ ...arg, ...over }] }] });
  const wrong: readonly (readonly [string, unknown, RegExp])[] = [
    ['no default action', {}, /defaultAction/],
    ['an unknown action', { defaultAction: 'SCMP_ACT_SHRUG' }, /defaultAction/],
    [
      'a rule without names',
      { ...minimal, syscalls: [{ action: 'SCMP_ACT_KILL' }] },
      /syscalls\.0: names no system call/,
    ],
    ['name and names', { ...minimal, syscalls: [{ ...call, name: 'read' }] }, /both name and names/],
    ['an unknown operator', withArg({ op: '==' }), /syscalls\.0\.args\.0\.op/],
    ['a seventh argument', withArg({ index: 6 }), /index/],
    ['a negative number', withArg({ value: -1 }), /value/],
    ['an errno that is none', { ...minimal, syscalls: [{ ...call, errnoRet: 4096 }] }, /errnoRet/],
    ['an unknown flag', { ...minimal, flags: ['SECCOMP_FILTER_FLAG_FLY'] }, /flags/],
    [
      'two lists of architectures',
      { ...minimal, architectures: ['SCMP_ARCH_X86'], archMap: [{ architecture: 'SCMP_ARCH_X86' }] },
      /archMap/,
    ],
    ['a listener', { ...minimal, listenerPath: '/run/x' }, /SCMP_ACT_NOTIFY/],
    ['an action for a listener', { defaultAction: 'SCMP_ACT_NOTIFY' }, /SCMP_ACT_NOTIFY/],
    ['a list', [], /p\.json is invalid/],
  ];
  for (const [what, value, message] of wrong) {
    it(`refuses ${what}`, () => {
      assert.throws(() => parse(value), { reason: 'PROFILE_INVALID', message });
    });
  }

  it('refuses what is not JSON, and numbers beyond 64 bits', () => {
    assert.throws(() => parseProfile('p.json', '{'), { reason: 'PROFILE_INVALID', message: /p\.json is not JSON/ });
    const text = JSON.stringify(withArg({})).replace('"value":0', '"value":18446744073709551616');
    assert.throws(() => parseProfile('p.json', text), { reason: 'PROFILE_INVALID', message: /2\^64/ });
  });

  it('either reads a value or says what is wrong with it', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        try {
          assert.ok(parseProfile('p.json', text).defaultAction.startsWith('SCMP_ACT_'));
        } catch (error) {
          assert.ok(isBoxError(error, 'PROFILE_INVALID'), String(error));
        }
      }),
    );
  });
});
