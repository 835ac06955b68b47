import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { callNumbers } from './syscalls.ts';

describe('callNumbers', () => {
  it('knows the first, the newest and the renumbered calls', () => {
    const numbers = (name: string) => [callNumbers('x86_64', name)[0]?.number, callNumbers('x86', name)[0]?.number];
    assert.deepEqual(numbers('read'), [0, 3]);
    assert.deepEqual(numbers('restart_syscall'), [219, 0]);
    assert.deepEqual(numbers('execve'), [59, 11]);
    assert.deepEqual(numbers('clone3'), [435, 435]);
    assert.deepEqual(numbers('mseal'), [462, 462]);
    assert.deepEqual(numbers('chown32'), [undefined, 212]);
    assert.deepEqual(numbers('arch_prctl'), [158, 384]);
  });

  it('finds the ways through a multiplexer, on x86 alone', () => {
    assert.deepEqual(callNumbers('x86', 'socket'), [
      { number: 359 },
      { number: 102, selector: { mask: 0xffff_ffffn, value: 1n } },
    ]);
    assert.deepEqual(callNumbers('x86', 'accept'), [{ number: 102, selector: { mask: 0xffff_ffffn, value: 5n } }]);
    assert.deepEqual(callNumbers('x86', 'semop'), [{ number: 117, selector: { mask: 0xffffn, value: 1n } }]);
    assert.deepEqual(callNumbers('x86_64', 'accept'), [{ number: 43 }]);
  });

  it('knows nothing of names that are none', () => {
    for (const name of ['', 'no_such_call', 'constructor', '__proto__']) {
      assert.deepEqual([...callNumbers('x86', name), ...callNumbers('x86_64', name)], [], name);
    }
  });
});
