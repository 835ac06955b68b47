import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkApparmor, checkSelinux, toSeccomp } from './security-profiles.ts';

const profile = (profileType: 'RuntimeDefault' | 'Unconfined' | 'Localhost', localhostRef = '') => ({
  profileType,
  localhostRef,
});

describe('toSeccomp', () => {
  it('takes the profile, else the deprecated field, else none', () => {
    assert.deepEqual(toSeccomp(null, ''), { type: 'Unconfined' });
    assert.deepEqual(toSeccomp(null, 'unconfined'), { type: 'Unconfined' });
    assert.deepEqual(toSeccomp(null, 'runtime/default'), { type: 'RuntimeDefault' });
    assert.deepEqual(toSeccomp(null, 'localhost//var/p.json'), { type: 'Localhost', path: '/var/p.json' });
    assert.deepEqual(toSeccomp(profile('Unconfined'), 'runtime/default'), { type: 'Unconfined' });
    assert.deepEqual(toSeccomp(profile('RuntimeDefault'), 'nonsense'), { type: 'RuntimeDefault' });
    assert.deepEqual(toSeccomp(profile('Localhost', '/p.json'), ''), { type: 'Localhost', path: '/p.json' });
    assert.deepEqual(toSeccomp(profile('Localhost', 'localhost//p'), ''), { type: 'Localhost', path: '/p' });
  });

  it('refuses what makes no sense', () => {
    const refuses = (run: () => unknown, message: RegExp): void =>
      assert.throws(run, { reason: 'INVALID_REQUEST', message });
    refuses(() => toSeccomp(null, 'elsewhere/x'), /elsewhere/);
    refuses(() => toSeccomp(profile('Localhost'), ''), /needs a localhost_ref/);
    refuses(() => toSeccomp(profile('RuntimeDefault', '/p'), ''), /takes no localhost_ref/);
    refuses(() => toSeccomp(profile('Localhost', 'p.json'), ''), /absolute/);
  });
});

describe('checkApparmor', () => {
  it('accepts what the runtime may choose, refuses a profile of the node’s', () => {
    for (const old of ['', 'unconfined', 'runtime/default']) checkApparmor(null, old);
    checkApparmor(profile('RuntimeDefault'), '');
    checkApparmor(profile('Unconfined'), 'localhost/ignored');
    assert.throws(() => checkApparmor(profile('Localhost', 'mine'), ''), { reason: 'NOT_SUPPORTED', message: /mine/ });
    assert.throws(() => checkApparmor(null, 'localhost/mine'), { reason: 'NOT_SUPPORTED', message: /profile mine/ });
    assert.throws(() => checkApparmor(null, 'mine'), { reason: 'INVALID_REQUEST' });
  });
});

describe('checkSelinux', () => {
  const options = (level: string, type = 'container_t') => ({ user: 'system_u', role: 'system_r', type, level });

  it('accepts labels', () => {
    checkSelinux(null);
    for (const level of ['', 's0', 's0-s3', 's0:c1', 's0:c1,c1023', 's0-s1:c0.c1023,c7']) checkSelinux(options(level));
  });

  it('refuses what is no label', () => {
    for (const level of ['0', 's', 's0:', 's0:c', 's0:c1;c2', 's0:c12345', 's0 ', 'top secret']) {
      assert.throws(() => checkSelinux(options(level)), { reason: 'INVALID_REQUEST', message: /SELinux level/ }, level);
    }
    assert.throws(() => checkSelinux(options('s0', 'a:b')), { reason: 'INVALID_REQUEST', message: /a:b/ });
  });
});
