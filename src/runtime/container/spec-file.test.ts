import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { containerConfig, sandboxConfig } from '../../testing/configs.ts';
import { boxConfig } from '../box-config.ts';
import { ociSpec } from '../oci-spec.ts';
import { containerSpecPath, sandboxPaths } from '../paths.ts';
import { deleteSpec, readSpec, saveSpec } from './spec-file.ts';

const ID = 'ab'.repeat(32);

describe('the spec beside a container’s record', () => {
  let dir = '';
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'a3s-spec-'));
    await mkdir(sandboxPaths(dir, dir, ID).containers, { recursive: true });
  });
  after(() => rm(dir, { recursive: true }));

  it('holds the names of the environment and none of its values', async () => {
    const paths = sandboxPaths(dir, dir, ID);
    const box = boxConfig(sandboxConfig(), ID, { vcpus: 1, memoryMiB: 128, scratchBytes: 1 });
    const image = { user: '', env: [], entrypoint: [], cmd: ['sh'], workingDir: '', stopSignal: '', labels: {} };
    const config = containerConfig({ envs: [{ key: 'PASSWORD', value: 'hunter2=x' }] });
    await saveSpec(paths, 'c1', ociSpec({ config, image, box, mounts: [] }));
    const written = await readFile(containerSpecPath(paths, 'c1'), 'utf8');
    assert.doesNotMatch(written, /hunter2/);
    assert.match(written, /"PASSWORD="/);
    assert.equal((await readSpec(paths, 'c1'))?.['ociVersion'], '1.2.0');
    await deleteSpec(paths, 'c1');
    assert.equal(await readSpec(paths, 'c1'), undefined);
  });
});
