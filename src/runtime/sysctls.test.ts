import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkSysctls } from './sysctls.ts';

describe('checkSysctls', () => {
  it('accepts what Linux keeps per namespace', () => {
    checkSysctls({ 'kernel.shm_rmid_forced': '1', 'net.core.somaxconn': '1024', 'fs.mqueue.msg_max': '100' });
  });

  for (const name of ['vm.swappiness', 'kernel.core_pattern', 'kernel.hostname', 'fs.file-max', 'net', 'netx.y', '']) {
    it(`refuses ${JSON.stringify(name)}`, () => {
      assert.throws(() => checkSysctls({ 'net.core.somaxconn': '1', [name]: '1' }), {
        reason: 'INVALID_REQUEST',
        message: new RegExp(`sysctl ${name} is not namespaced`),
      });
    });
  }
});
