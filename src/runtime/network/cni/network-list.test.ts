import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { atLeast, parseNetworkList } from './network-list.ts';

const list = (over: object): string =>
  JSON.stringify({ cniVersion: '1.0.0', name: 'net', plugins: [{ type: 'bridge', mtu: 1400 }], ...over });

describe('CNI configuration', () => {
  it('keeps a plugin’s own keys as they were written', () => {
    const { name, cniVersion, plugins, disableCheck } = parseNetworkList(list({}), '/a.conflist');
    assert.deepEqual([name, cniVersion, disableCheck], ['net', '1.0.0', false]);
    assert.deepEqual(plugins, [{ type: 'bridge', mtu: 1400 }]);
  });

  it('a single conf is a list of one', () => {
    const conf = { cniVersion: '0.3.1', name: 'one', type: 'ptp', ipam: { type: 'host-local' } };
    const { name, cniVersion, plugins } = parseNetworkList(JSON.stringify(conf), '/a.conf');
    assert.deepEqual([name, cniVersion], ['one', '0.3.1']);
    assert.deepEqual(plugins, [{ type: 'ptp', ipam: { type: 'host-local' } }]);
  });

  it('takes the newest version that is known', () => {
    const written = list({ cniVersion: '0.4.0', cniVersions: ['1.0.0', '1.1.0', '9.0.0'] });
    const parsed = parseNetworkList(written, '/a.conflist');
    assert.equal(parsed.cniVersion, '1.1.0');
    assert.ok(atLeast(parsed, '0.4.0'));
    assert.ok(!atLeast({ ...parsed, cniVersion: '0.3.1' }, '0.4.0'));
  });

  for (const key of ['disableCheck', 'disableGC'] as const) {
    for (const [written, meant] of [
      [true, true],
      ['true', true],
      [false, false],
      ['false', false],
    ] as const) {
      it(`${key}: ${JSON.stringify(written)}`, () => {
        const { disableCheck, disableGc } = parseNetworkList(list({ [key]: written }), '/a.conflist');
        assert.deepEqual([disableCheck, disableGc], key === 'disableCheck' ? [meant, false] : [false, meant]);
      });
    }
  }

  for (const [what, text, says] of [
    ['no JSON', '{', /JSON/],
    ['no plugins', list({ plugins: [] }), /names no plugin/],
    ['a version nobody writes any more', list({ cniVersion: '0.2.0' }), /0\.2\.0: 0\.3\.0 to 1\.1\.0/],
    ['a version to come', list({ cniVersion: '2.0.0' }), /2\.0\.0/],
    ['no version', list({ cniVersion: undefined }), /no cniVersion/],
    ['a name that is a path', list({ name: '../x' }), /no network name/],
    ['a plugin that is a path', list({ plugins: [{ type: '../../bin/sh' }] }), /no file name/],
    ['a plugin that is a folder', list({ plugins: [{ type: '..' }] }), /no file name/],
    ['a plugin without a type', list({ plugins: [{}] }), /type/],
  ] as const) {
    it(`refuses ${what}`, () => assert.throws(() => parseNetworkList(text, '/a.conflist'), says));
  }

  it('any JSON is a list or an error with words', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        for (const path of ['/a.conf', '/a.conflist']) {
          try {
            parseNetworkList(text, path);
          } catch (error) {
            assert.ok(error instanceof Error && error.message !== '');
          }
        }
      }),
    );
  });
});
