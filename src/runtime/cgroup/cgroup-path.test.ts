import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isBoxError } from '../../errors.ts';
import { expandSlice, groupPath, scopeOf } from './cgroup-path.ts';

it('a group lies below the pod’s, in the words of either driver', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['', 'a3s-box/box'],
    ['/kubepods/burstable/pod1234', 'kubepods/burstable/pod1234/box'],
    ['kubepods/pod1', 'kubepods/pod1/box'],
    [
      'kubepods-burstable-pod1_2.slice',
      'kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/box.scope',
    ],
    ['/kubepods.slice/kubepods-pod1.slice', 'kubepods.slice/kubepods-pod1.slice/box.scope'],
    ['/test.slice', 'test.slice/box.scope'],
  ];
  for (const [parent, path] of cases) assert.equal(groupPath({ parent, name: 'box' }), path, parent);
});

it('what lies below a slice is a scope of systemd’s, and nothing else is', () => {
  const name = 'box';
  assert.deepEqual(scopeOf({ parent: '/a.slice/a-b.slice', name }), { unit: 'box.scope', slice: 'a-b.slice' });
  assert.deepEqual(scopeOf({ parent: '-.slice', name }), { unit: 'box.scope', slice: '-.slice' });
  for (const parent of ['', '/kubepods/podx', '/a.slice/b']) assert.equal(scopeOf({ parent, name }), undefined, parent);
});

it('slices are expanded as systemd does', () => {
  assert.equal(expandSlice('-.slice'), '');
  assert.equal(expandSlice('a.slice'), 'a.slice');
  assert.equal(expandSlice('a-b-c.slice'), 'a.slice/a-b.slice/a-b-c.slice');
});

it('no parent leads out of the hierarchy', () => {
  for (const parent of ['/', '..', '/a/../../b', '/a/./b', 'a\0b', '.slice', '-a.slice', 'a--b.slice', 'a-.slice']) {
    assert.throws(
      () => groupPath({ parent, name: 'box' }),
      (error) => isBoxError(error, 'INVALID_REQUEST'),
      parent,
    );
  }
});
