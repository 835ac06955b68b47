import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { containerSecurity } from '../../testing/configs.ts';
import { seccompFilter } from './filter.ts';

const ENVIRONMENT = { capabilities: [], kernel: '6.12' };

describe('seccompFilter', () => {
  let dir = '';
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'a3s-seccomp-'));
  });
  after(() => rm(dir, { recursive: true }));

  const localhost = (path: string, privileged = false) =>
    seccompFilter(containerSecurity({ privileged, seccomp: { type: 'Localhost', path } }), ENVIRONMENT);

  it('is none for an unconfined and for a privileged container', async () => {
    assert.equal(await seccompFilter(containerSecurity(), ENVIRONMENT), undefined);
    const privileged = containerSecurity({ privileged: true, seccomp: { type: 'RuntimeDefault' } });
    assert.equal(await seccompFilter(privileged, ENVIRONMENT), undefined);
    assert.equal(await localhost('/no/such/file', true), undefined);
  });

  it('comes with flags', async () => {
    const path = join(dir, 'good.json');
    const flags = ['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_SPEC_ALLOW', 'SECCOMP_FILTER_FLAG_TSYNC'];
    await writeFile(path, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', flags }));
    const filter = await localhost(path);
    assert.equal(filter?.flags, 6);
    assert.equal((filter?.program.length ?? 1) % 8, 0);
  });

  it('fails for a file that is not there, is none, is too large, is not JSON', async () => {
    const fifo = join(dir, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const large = join(dir, 'large');
    await writeFile(large, '{}');
    await truncate(large, 1024 * 1024 + 1);
    const broken = join(dir, 'broken');
    await writeFile(broken, '{"defaultAction":');
    for (const path of [join(dir, 'absent'), dir, fifo, large, broken]) {
      await assert.rejects(localhost(path), { reason: 'PROFILE_INVALID', message: new RegExp(path) });
    }
  });
});
