import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mount } from '../../testing/configs.ts';
import type { Mount__Output } from '../generated/runtime/v1/Mount.ts';
import { fromMount, toMount } from './mounts.ts';

function asked(over: Partial<Mount__Output> = {}): Mount__Output {
  return {
    containerPath: '/data',
    hostPath: '/srv/data',
    readonly: false,
    selinuxRelabel: false,
    propagation: 'PROPAGATION_PRIVATE',
    uidMappings: [],
    gidMappings: [],
    recursiveReadOnly: false,
    image: null,
    imageSubPath: '',
    ...over,
  };
}

const IMAGE = { image: 'sha256:1', annotations: {}, userSpecifiedImage: 'data:1', runtimeHandler: '', imageRef: '' };
const asImage = (over: Partial<Mount__Output> = {}): Mount__Output =>
  asked({ hostPath: '', image: IMAGE, readonly: true, ...over });

describe('toMount', () => {
  it('of a bind mount', () => {
    const given = asked({ selinuxRelabel: true, propagation: 'PROPAGATION_HOST_TO_CONTAINER' });
    const expected = mount({ hostPath: '/srv/data', selinuxRelabel: true, propagation: 'HOST_TO_CONTAINER' });
    assert.deepEqual(toMount(given), expected);
    assert.equal(toMount(asked({ containerPath: 'relative' })).containerPath, '/relative');
  });

  it('of an image volume', () => {
    assert.deepEqual(
      toMount(asImage({ imageSubPath: 'etc' })),
      mount({ readonly: true, image: { image: 'sha256:1', userSpecifiedImage: 'data:1' }, imageSubPath: 'etc' }),
    );
  });

  const refused: readonly (readonly [string, Mount__Output, string, RegExp])[] = [
    ['no place', asked({ containerPath: '' }), 'INVALID_REQUEST', /container_path/],
    ['the root’s place', asked({ containerPath: '/x/..' }), 'INVALID_REQUEST', /root file system/],
    ['recursive but not read-only', asked({ recursiveReadOnly: true }), 'INVALID_REQUEST', /needs readonly/],
    [
      'recursive read-only and propagating',
      asked({ readonly: true, recursiveReadOnly: true, propagation: 'PROPAGATION_BIDIRECTIONAL' }),
      'INVALID_REQUEST',
      /private propagation/,
    ],
    ['bidirectional', asked({ propagation: 'PROPAGATION_BIDIRECTIONAL' }), 'NOT_SUPPORTED', /bidirectional/],
    ['id-mapped', asked({ uidMappings: [{ hostId: 0, containerId: 0, length: 1 }] }), 'NOT_SUPPORTED', /id-mapped/],
    ['an image and a host path', asImage({ hostPath: '/srv' }), 'INVALID_REQUEST', /host path and an image/],
    ['a writable image', asImage({ readonly: false }), 'INVALID_REQUEST', /must be readonly/],
    ['a sub path of nothing', asked({ imageSubPath: 'etc' }), 'INVALID_REQUEST', /needs an image/],
  ];
  for (const [name, given, reason, message] of refused) {
    it(`refuses ${name}`, () => assert.throws(() => toMount(given), { reason, message }));
  }
});

describe('fromMount', () => {
  it('shows a mount as it was asked for', () => {
    const given = asked({ readonly: true, recursiveReadOnly: true, selinuxRelabel: true });
    const { uidMappings: _, gidMappings: __, image: ___, ...shown } = given;
    assert.deepEqual(fromMount(toMount(given), { volumeImages: {} }), shown);
  });

  it('shows an image volume with its image’s id', () => {
    const shown = fromMount(toMount(asImage()), { volumeImages: { '/data': 'sha256:2' } });
    assert.deepEqual(shown.image, { image: 'sha256:1', userSpecifiedImage: 'data:1', imageRef: 'sha256:2' });
  });
});
