import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AUDIT_X86, AUDIT_X86_64, checkProgram, runProgram } from '../../testing/bpf-machine.ts';
import { containerSecurity } from '../../testing/configs.ts';
import { VERDICT } from '../../testing/seccomp-oracle.ts';
import { capabilitySets } from '../capabilities.ts';
import { compile } from './compile.ts';
import { defaultProfile } from './default-profile.ts';
import { resolveProfile } from './resolve.ts';
import { callNumbers } from './syscalls.ts';

const ENOSYS = VERDICT.errno + 38;
const EPERM = VERDICT.errno + 1;

function filterWith(over: Parameters<typeof containerSecurity>[0] = {}, kernel = '6.12.91') {
  const capabilities = capabilitySets(containerSecurity(over)).bounding;
  const program = compile('default', resolveProfile(defaultProfile(), { capabilities, kernel }));
  checkProgram(program);
  return (name: string, ...args: readonly bigint[]): number => {
    const number = callNumbers('x86_64', name)[0]?.number;
    assert.ok(number !== undefined, name);
    return runProgram(program, { architecture: AUDIT_X86_64, number, args });
  };
}

describe('the default profile', () => {
  it('names no call that does not exist', () => {
    const names = new Set(defaultProfile().syscalls.flatMap(({ names }) => names));
    assert.ok(names.size > 380, `${names.size}`);
    for (const name of names) {
      assert.ok([...callNumbers('x86_64', name), ...callNumbers('x86', name)].length > 0, name);
    }
  });

  it('lets ordinary programs live', () => {
    const verdict = filterWith();
    for (const name of [
      'read',
      'openat',
      'execve',
      'mmap',
      'clone',
      'futex',
      'chmod',
      'chroot',
      'ptrace',
      'statx',
      'rseq',
    ]) {
      assert.equal(verdict(name), VERDICT.allow, name);
    }
  });

  it('refuses what needs a capability that is not there', () => {
    const verdict = filterWith();
    for (const name of [
      'mount',
      'setns',
      'unshare',
      'sethostname',
      'bpf',
      'reboot',
      'init_module',
      'keyctl',
      'add_key',
      'kexec_load',
      'io_uring_setup',
      'userfaultfd',
      'open_by_handle_at',
      'settimeofday',
    ]) {
      assert.equal(verdict(name), EPERM, name);
    }
    assert.equal(verdict('clone3'), ENOSYS);
    assert.equal(filterWith({ dropCapabilities: ['SYS_CHROOT'] })('chroot'), EPERM);
  });

  it('follows the capabilities', () => {
    const admin = filterWith({ addCapabilities: ['SYS_ADMIN'] });
    for (const name of ['mount', 'setns', 'unshare', 'sethostname', 'bpf', 'clone3'])
      assert.equal(admin(name), VERDICT.allow, name);
    assert.equal(admin('reboot'), EPERM);
    assert.equal(filterWith({ addCapabilities: ['SYS_BOOT'] })('reboot'), VERDICT.allow);
    assert.equal(filterWith({ addCapabilities: ['SYS_TIME'] })('clock_settime'), VERDICT.allow);
  });

  it('looks at arguments', () => {
    const verdict = filterWith();
    assert.equal(verdict('clone', 0x0100_0011n), VERDICT.allow);
    assert.equal(verdict('clone', 0x1000_0011n), EPERM, 'CLONE_NEWUSER');
    assert.equal(filterWith({ addCapabilities: ['SYS_ADMIN'] })('clone', 0x1000_0011n), VERDICT.allow);
    for (const family of [1n, 2n, 10n, 16n, 17n]) assert.equal(verdict('socket', family), VERDICT.allow, `${family}`);
    assert.equal(verdict('socket', 38n), EPERM, 'AF_ALG');
    assert.equal(verdict('socket', 40n), EPERM, 'AF_VSOCK');
    assert.equal(verdict('personality', 0xffff_ffffn), VERDICT.allow);
    assert.equal(verdict('personality', 0x4000_0n), EPERM);
  });

  it('lets trace only where the kernel looks again afterwards', () => {
    assert.equal(filterWith({}, '4.7.10')('ptrace'), EPERM);
    assert.equal(filterWith({}, 'a kernel of no version')('ptrace'), EPERM);
    assert.equal(filterWith({ addCapabilities: ['SYS_PTRACE'] }, '4.7')('ptrace'), VERDICT.allow);
  });

  it('says of calls that are too new that they do not exist', () => {
    const program = compile('default', resolveProfile(defaultProfile(), { capabilities: [], kernel: '6.12' }));
    assert.equal(runProgram(program, { architecture: AUDIT_X86_64, number: 467 }), ENOSYS);
    assert.equal(runProgram(program, { architecture: AUDIT_X86, number: 467 }), ENOSYS);
    assert.equal(runProgram(program, { architecture: AUDIT_X86, number: 102 }), VERDICT.allow);
  });
});
