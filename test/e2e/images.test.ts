import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { z } from 'zod';
import { type BadRegistry, startBadRegistry } from './harness/bad-registry.ts';
import { mirrorTo } from './harness/daemon.ts';
import { BUSYBOX } from './harness/settings.ts';
import { useWorld } from './harness/suite.ts';
import { tar } from './harness/tar.ts';

const world = useWorld([]);

const imagesSchema = z.object({
  images: z.array(
    z.object({ id: z.string(), repoTags: z.array(z.string()), repoDigests: z.array(z.string()), size: z.string() }),
  ),
});

describe('images', () => {
  async function images(): Promise<z.infer<typeof imagesSchema>['images']> {
    return imagesSchema.parse(JSON.parse(await world().crictl.ok('images', '-o', 'json'))).images;
  }

  it('are pulled through a mirror under their own name, and found by every name they have', async () => {
    const { crictl } = world();
    assert.match(await crictl.ok('pull', BUSYBOX), /up to date for sha256:/);
    const [image] = await images();
    assert.ok(image !== undefined);
    assert.deepEqual(image.repoTags, [BUSYBOX]);
    assert.match(image.repoDigests[0] ?? '', /^docker\.io\/library\/busybox@sha256:[0-9a-f]{64}$/);
    assert.ok(Number(image.size) > 0);
    for (const name of [
      'busybox',
      'library/busybox:latest',
      image.repoDigests[0] ?? '',
      image.id,
      image.id.slice(0, 20),
    ]) {
      assert.match(await crictl.ok('inspecti', '-o', 'json', name), new RegExp(image.id), name);
    }
    assert.match(await crictl.ok('imagefsinfo'), /usedBytes/);
  });

  it('come as OCI manifest, OCI index and Docker manifest list', async () => {
    const { crictl } = world();
    for (const tag of ['oci', 'oci-index', 'manifest-list'])
      await crictl.ok('pull', `registry.k8s.io/mix/busybox:${tag}`);
    const tags = (await images()).flatMap(({ repoTags }) => repoTags);
    for (const tag of ['oci', 'oci-index', 'manifest-list'])
      assert.ok(tags.includes(`registry.k8s.io/mix/busybox:${tag}`));
  });

  it('are removed with every tag, and their layers with the last image that has them', async () => {
    const { crictl, folders } = world();
    for (const { id } of await images()) await crictl.ok('rmi', id);
    assert.deepEqual(await images(), []);
    assert.deepEqual(await readdir(join(folders.root, 'layers', 'sha256')), []);
  });

  it('that do not exist are named in the error', async () => {
    const { crictl } = world();
    assert.match(await crictl.fails('pull', 'docker.io/library/no-such-image:latest'), /no-such-image/);
    assert.match(await crictl.fails('pull', 'docker.io/library/busybox:no-such-tag'), /no-such-tag/);
    assert.match(await crictl.fails('pull', 'UPPER/case:x'), /UPPER/);
  });
});

describe('images from a registry that cannot be trusted', () => {
  let bad: BadRegistry;

  before(async () => {
    bad = await startBadRegistry();
    await mirrorTo(world().folders, bad.address);
  });
  after(() => bad.stop());

  const good = tar([{ name: 'file', content: 'x' }]);

  /** The pull fails with these words, the daemon stays up, and nothing half-made is left. */
  async function refused(name: string, words: RegExp): Promise<void> {
    const { crictl, folders } = world();
    const layers = (): Promise<readonly string[]> => readdir(join(folders.root, 'layers', 'sha256'));
    const before = await layers();
    assert.match(await crictl.fails('pull', `docker.io/library/${name}:latest`), words);
    assert.deepEqual(await layers(), before);
    assert.deepEqual(await readdir(join(folders.root, 'ingest')), []);
    await crictl.ok('version');
  }

  it('a layer with other bytes than its digest says', async () => {
    bad.add('swapped', {
      tar: good,
      sentLayer: (layer) => Buffer.from(layer.map((byte, index) => (index === layer.length - 1 ? byte ^ 1 : byte))),
    });
    await refused('swapped', /digest|sha256|corrupt|invalid/i);
  });

  it('a layer that ends early', async () => {
    bad.add('truncated', { tar: good, sentLayer: (layer) => layer.subarray(0, 20) });
    await refused('truncated', /truncated|ended|closed|short|size/i);
  });

  it('a manifest that is no manifest', async () => {
    bad.add('garbage', { tar: good, manifest: '<html>login</html>' });
    await refused('garbage', /manifest/i);
  });

  it('a server that fails', async () => {
    bad.add('failing', { tar: good, status: 500 });
    await refused('failing', /500/);
  });

  it('a tar that is cut off inside', async () => {
    const whole = tar([{ name: 'file', content: 'x'.repeat(5000) }]);
    bad.add('cut', { tar: whole.subarray(0, 2000) });
    await refused('cut', /tar|layer|truncated/i);
  });

  it('hostile names stay inside the layer, links and devices are harmless', async () => {
    const { crictl, folders } = world();
    const outside = join(folders.base, 'outside');
    bad.add('hostile', {
      tar: tar([
        { name: `../../../../../../../../..${outside}-dotdot`, content: 'dotdot' },
        { name: `${outside}-absolute`, content: 'absolute' },
        { name: 'escape', type: '2', linkname: folders.base },
        { name: 'escape/outside-symlink', content: 'through a symbolic link' },
        { name: 'dev/mem', type: '3', major: 1, minor: 1, mode: 0o666 },
      ]),
    });
    await crictl.ok('pull', 'docker.io/library/hostile:latest');
    for (const name of ['outside-dotdot', 'outside-absolute', 'outside-symlink']) {
      await assert.rejects(stat(join(folders.base, name)), { code: 'ENOENT' }, name);
    }
  });

  it('a registry that is down', async () => {
    await mirrorTo(world().folders, '127.0.0.1:1');
    await refused('anything', /127\.0\.0\.1:1|unavailable|refused/i);
  });
});
