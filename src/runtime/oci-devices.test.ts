import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { containerConfig, containerSecurity } from '../testing/configs.ts';
import { deviceMounts, deviceRules } from './oci-devices.ts';

const device = (hostPath: string, permissions = 'rwm', containerPath = hostPath) => ({
  hostPath,
  containerPath,
  permissions,
});

describe('deviceRules', () => {
  it('deny first, then allow what every container has, then what it asks for', () => {
    const rules = deviceRules(containerConfig({ devices: [device('/dev/net/tun', 'rw')] }));
    assert.deepEqual(rules[0], { allow: false, access: 'rwm' });
    assert.ok(rules.some(({ major, minor }) => major === 1 && minor === 3));
    assert.deepEqual(rules.at(-1), { allow: true, type: 'c', major: 10, minor: 200, access: 'rw' });
    assert.ok(!rules.some(({ type, access }) => type === 'b' && access !== 'm'));
  });

  it('allow a privileged container everything', () => {
    const security = containerSecurity({ privileged: true });
    assert.deepEqual(deviceRules(containerConfig({ security })), [{ allow: true, access: 'rwm' }]);
  });

  it('refuse the host’s devices, also to a privileged container', () => {
    for (const privileged of [false, true]) {
      const config = containerConfig({ devices: [device('/dev/sda')], security: containerSecurity({ privileged }) });
      assert.throws(() => deviceRules(config), {
        reason: 'NOT_SUPPORTED',
        message: /\/dev\/sda .*another runtime class/,
      });
    }
  });

  it('refuse permissions that are none', () => {
    for (const permissions of ['', 'x', 'rwmr']) {
      const config = containerConfig({ devices: [device('/dev/fuse', permissions)] });
      assert.throws(() => deviceRules(config), { reason: 'INVALID_REQUEST', message: /\/dev\/fuse/ });
    }
  });
});

describe('deviceMounts', () => {
  it('bind the guest’s node, where the container wants it', () => {
    const [named, unnamed] = deviceMounts([device('/dev/fuse', 'rw', '/opt/fuse'), device('/dev/null', 'rw', '')]);
    assert.deepEqual([named?.source, named?.destination], ['/dev/fuse', '/opt/fuse']);
    assert.equal(unnamed?.destination, '/dev/null');
    assert.ok(!named?.options.includes('nodev'));
  });
});
