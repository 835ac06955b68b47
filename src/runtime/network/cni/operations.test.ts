import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { parseNetworkList } from './network-list.ts';
import { type CniLimits, check, gc } from './operations.ts';

describe('operations that a network may not have', () => {
  const invocation = { containerId: 'pod', netns: '/run/netns/x', ifname: 'eth0', args: '', capabilityArgs: {} };
  let dir: string;
  let limits: CniLimits;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'a3s-operations-'));
    limits = { binDirs: [dir], timeoutMs: 20_000 };
    await writeFile(join(dir, 'notes'), `#!/bin/sh\necho $CNI_COMMAND >>${dir}/asked\n`, { mode: 0o755 });
  });
  beforeEach(() => writeFile(join(dir, 'asked'), ''));
  after(() => rm(dir, { recursive: true }));
  const asked = (): Promise<string> => readFile(join(dir, 'asked'), 'utf8');

  for (const [over, has] of [
    [{ cniVersion: '1.1.0' }, { check: true, gc: true }],
    [{ cniVersion: '1.0.0' }, { check: true, gc: false }],
    [{ cniVersion: '0.4.0' }, { check: true, gc: false }],
    [{ cniVersion: '0.3.1' }, { check: false, gc: false }],
    [
      { cniVersion: '1.1.0', disableCheck: true },
      { check: false, gc: true },
    ],
    [
      { cniVersion: '1.1.0', disableCheck: 'true' },
      { check: false, gc: true },
    ],
    [
      { cniVersion: '1.1.0', disableGC: true },
      { check: true, gc: false },
    ],
    [
      { cniVersion: '1.1.0', disableGC: 'true' },
      { check: true, gc: false },
    ],
  ] as const) {
    it(`${JSON.stringify(over)}: ${has.check ? 'CHECK' : 'no CHECK'}, ${has.gc ? 'GC' : 'no GC'}`, async () => {
      const text = JSON.stringify({ name: 'net', plugins: [{ type: 'notes' }], ...over });
      const list = parseNetworkList(text, '/a.conflist');
      assert.equal(await check(list, invocation, limits, {}), has.check);
      assert.equal(await gc(list, [], limits), has.gc);
      assert.equal(await asked(), `${has.check ? 'CHECK\n' : ''}${has.gc ? 'GC\n' : ''}`);
    });
  }
});
