import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { parseNetworkList } from './cni/network-list.ts';
import { freeOwnerless, leaseholders } from './host-local.ts';

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

it('who holds an address is told once, and an address that is freed meanwhile is nobody’s', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'a3s-leases-'));
  t.after(() => rm(dataDir, { recursive: true }));
  assert.deepEqual(await leaseholders(dataDir, 'a3s-box'), []);
  const dir = join(dataDir, 'a3s-box');
  await mkdir(dir);
  for (const name of ['10.88.0.2', 'fd00:a3::2', 'lock', 'last_reserved_ip.0']) {
    await writeFile(join(dir, name), 'owner\r\neth0');
  }
  // listed, and gone when it is read
  await symlink('gone', join(dir, '10.88.0.3'));
  assert.deepEqual(await leaseholders(dataDir, 'a3s-box'), ['owner']);
});
