import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NamespaceOption__Output } from '../generated/runtime/v1/NamespaceOption.ts';
import { toNamespaces } from './namespaces.ts';

const options = (over: Partial<NamespaceOption__Output> = {}): NamespaceOption__Output => ({
  network: 'POD',
  pid: 'CONTAINER',
  ipc: 'POD',
  targetId: '',
  usernsOptions: null,
  ...over,
});
const mapping = { hostId: 0, containerId: 0, length: 1 };

describe('toNamespaces', () => {
  it('takes an absent message for its zero values', () => {
    assert.deepEqual(toNamespaces(null), { network: 'POD', pid: 'POD', ipc: 'POD', targetId: '' });
  });

  it('takes every pid mode, and the ipc modes of a pod', () => {
    for (const pid of ['POD', 'CONTAINER', 'NODE'] as const) assert.equal(toNamespaces(options({ pid })).pid, pid);
    assert.equal(toNamespaces(options({ pid: 'TARGET', targetId: 'c' })).targetId, 'c');
    assert.equal(toNamespaces(options({ ipc: 'CONTAINER' })).ipc, 'CONTAINER');
    assert.equal(toNamespaces(options({ usernsOptions: { mode: 'NODE', uids: [], gids: [] } })).pid, 'CONTAINER');
  });

  const refused: readonly (readonly [Partial<NamespaceOption__Output>, string, RegExp])[] = [
    [{ network: 'NODE' }, 'NOT_SUPPORTED', /hostNetwork/],
    [{ ipc: 'NODE' }, 'NOT_SUPPORTED', /hostIPC/],
    [{ network: 'CONTAINER' }, 'INVALID_REQUEST', /network/],
    [{ ipc: 'TARGET' }, 'INVALID_REQUEST', /ipc/],
    [{ pid: 'TARGET' }, 'INVALID_REQUEST', /target_id/],
    [{ usernsOptions: { mode: 'POD', uids: [mapping], gids: [mapping] } }, 'NOT_SUPPORTED', /hostUsers/],
    [{ usernsOptions: { mode: 'POD', uids: [], gids: [] } }, 'NOT_SUPPORTED', /user namespaces/],
    [{ usernsOptions: { mode: 'CONTAINER', uids: [], gids: [] } }, 'NOT_SUPPORTED', /user namespaces/],
    [{ usernsOptions: { mode: 'NODE', uids: [mapping], gids: [] } }, 'NOT_SUPPORTED', /mappings/],
  ];
  for (const [over, reason, message] of refused) {
    it(`refuses ${JSON.stringify(over)}`, () => {
      assert.throws(() => toNamespaces(options(over)), { reason, message });
    });
  }
});
