import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { containerSecurity, namespaces } from '../../testing/configs.ts';
import type { LinuxContainerSecurityContext__Output } from '../generated/runtime/v1/LinuxContainerSecurityContext.ts';
import { toSecurity } from './security-context.ts';

const context = (over: Partial<LinuxContainerSecurityContext__Output> = {}): LinuxContainerSecurityContext__Output => ({
  capabilities: null,
  privileged: false,
  namespaceOptions: null,
  selinuxOptions: null,
  runAsUser: null,
  runAsUsername: '',
  readonlyRootfs: false,
  supplementalGroups: [],
  apparmorProfile: '',
  seccompProfilePath: '',
  noNewPrivs: false,
  runAsGroup: null,
  maskedPaths: [],
  readonlyPaths: [],
  seccomp: null,
  apparmor: null,
  supplementalGroupsPolicy: 'Merge',
  ...over,
});

describe('toSecurity', () => {
  it('takes an absent context for its zero values', () => {
    const zero = containerSecurity({ namespaces: namespaces({ pid: 'POD' }) });
    assert.deepEqual(toSecurity(null), zero);
    assert.deepEqual(toSecurity(context()), zero);
  });

  it('takes everything there is', () => {
    const security = toSecurity(
      context({
        runAsUser: { value: '0' },
        runAsGroup: { value: '4294967294' },
        supplementalGroups: ['7'],
        supplementalGroupsPolicy: 'Strict',
        seccomp: { profileType: 'RuntimeDefault', localhostRef: '' },
        maskedPaths: ['/proc/kcore'],
      }),
    );
    assert.deepEqual([security.runAsUser, security.runAsGroup, security.supplementalGroups], [0, 4294967294, [7]]);
    assert.deepEqual([security.seccomp.type, security.maskedPaths], ['RuntimeDefault', ['/proc/kcore']]);
  });

  const refused: readonly (readonly [Partial<LinuxContainerSecurityContext__Output>, RegExp])[] = [
    [{ runAsGroup: { value: '5' } }, /run_as_group needs/],
    [{ runAsUser: { value: '5' }, runAsUsername: 'x' }, /cannot both/],
    [{ runAsUser: { value: '-1' } }, /run_as_user -1/],
    [{ runAsUser: { value: '4294967295' } }, /run_as_user 4294967295/],
    [{ runAsUsername: 'x', runAsGroup: { value: '4294967295' } }, /run_as_group/],
    [{ supplementalGroups: ['0', '-7'] }, /supplemental_groups -7/],
  ];
  for (const [over, message] of refused) {
    it(`refuses ${JSON.stringify(over)}`, () => {
      assert.throws(() => toSecurity(context(over)), { reason: 'INVALID_REQUEST', message });
    });
  }
});
