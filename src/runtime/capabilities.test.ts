import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { containerSecurity } from '../testing/configs.ts';
import { capabilitySets, unknownCapabilities } from './capabilities.ts';

const sets = (over: Parameters<typeof containerSecurity>[0]): readonly string[] =>
  capabilitySets(containerSecurity(over)).effective;

describe('capabilitySets', () => {
  it('has the field’s fourteen by default', () => {
    assert.equal(sets({}).length, 14);
    assert.ok(!sets({}).includes('CAP_SYS_ADMIN'));
  });

  it('ALL added, then one dropped', () => {
    const all = sets({ addCapabilities: ['ALL'], dropCapabilities: ['CAP_CHOWN'] });
    assert.equal(all.length, 40);
    assert.ok(!all.includes('CAP_CHOWN'));
  });

  it('ALL dropped, then one added', () => {
    assert.deepEqual(sets({ addCapabilities: ['net_raw'], dropCapabilities: ['all'] }), ['CAP_NET_RAW']);
  });

  it('takes names in any case, with and without CAP_, and ALL as ambient', () => {
    assert.deepEqual(unknownCapabilities(['net_raw', 'Cap_Sys_Admin', 'CAP_CHOWN', 'all', 'CAP_ALL', 'FLY']), [
      'CAP_ALL',
      'FLY',
    ]);
    const { ambient } = capabilitySets(containerSecurity({ addAmbientCapabilities: ['ALL', 'NET_RAW'] }));
    assert.equal(ambient.length, 41);
  });

  it('ambient ones stand in every set', () => {
    const { ambient, inheritable, bounding } = capabilitySets(
      containerSecurity({ addAmbientCapabilities: ['SYS_TIME'] }),
    );
    assert.deepEqual([ambient, inheritable], [['CAP_SYS_TIME'], ['CAP_SYS_TIME']]);
    assert.ok(bounding.includes('CAP_SYS_TIME'));
  });
});
