import assert from 'node:assert/strict';
import { it } from 'node:test';
import { toDevice } from './devices.ts';

it('toDevice gives the guest’s own null device and refuses the host’s devices', () => {
  const given = { hostPath: '/dev/null', containerPath: '', permissions: 'rwm' };
  assert.deepEqual(toDevice(given), { hostPath: '/dev/null', containerPath: '/dev/null' });
  assert.throws(() => toDevice({ ...given, hostPath: '/dev/sda' }), { reason: 'NOT_SUPPORTED', message: /\/dev\/sda/ });
});
