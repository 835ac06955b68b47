import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { leaseholders } from './default-network.ts';

it('who holds an address is told once, and an address that is freed meanwhile is nobody’s', async () => {
  const root = await mkdtemp(join(tmpdir(), 'a3s-leases-'));
  try {
    assert.deepEqual(await leaseholders(root), []);
    const dir = join(root, 'network', 'ipam', 'a3s-box');
    await mkdir(dir, { recursive: true });
    for (const name of ['10.88.0.2', 'fd00:a3::2', 'lock', 'last_reserved_ip.0']) {
      await writeFile(join(dir, name), 'owner\r\neth0');
    }
    // listed, and gone when it is read
    await symlink('gone', join(dir, '10.88.0.3'));
    assert.deepEqual(await leaseholders(root), ['owner']);
  } finally {
    await rm(root, { recursive: true });
  }
});
