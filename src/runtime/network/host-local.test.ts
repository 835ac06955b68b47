import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { parseNetworkList } from './cni/network-list.ts';
import { freeOwnerless } from './host-local.ts';

it('frees the addresses that nobody owns, and touches nothing else', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'a3s-host-local-'));
  t.after(() => rm(dataDir, { recursive: true }));
  const dir = join(dataDir, 'pods');
  await mkdir(dir);
  const files = { lock: '', '10.0.0.5': '', 'fd00::5': '', '10.0.0.6': 'abc\r\neth0', 'last_reserved_ip.0': '' };
  for (const [name, content] of Object.entries(files)) await writeFile(join(dir, name), content);
  const list = (ipam: object) =>
    parseNetworkList(
      JSON.stringify({ cniVersion: '1.0.0', name: 'pods', plugins: [{ type: 'bridge', ipam }, { type: 'portmap' }] }),
      'test.conflist',
    );
  await freeOwnerless(list({ type: 'dhcp', dataDir }));
  assert.equal((await readdir(dir)).length, 5);
  await freeOwnerless(list({ type: 'host-local', dataDir }));
  assert.deepEqual((await readdir(dir)).toSorted(), ['10.0.0.6', 'last_reserved_ip.0', 'lock']);
  // a network whose folder is not there yet
  await freeOwnerless(list({ type: 'host-local', dataDir: join(dataDir, 'none') }));
});
