/** What a pull says and leaves behind when the registry, the network, the image or the disk is bad. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { isBoxError } from '../errors.ts';
import { bigTar, damaged, store0 } from '../testing/big-layer.ts';
import { FakeRegistry, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '../testing/fake-registry.ts';
import { useImageRig } from '../testing/image-rig.ts';
import { archive, file, symlink } from '../testing/tar-builder.ts';

const never = new AbortController().signal;

describe('pulls that fail', () => {
  const rig = useImageRig();

  const answerWith = (status: number, when: (url: string) => boolean = () => true) => {
    rig.registry.intercept = (request, response) => {
      if (!when(request.url ?? '')) return false;
      response.writeHead(status).end('{"errors":[{"code":"X","message":"because"}]}');
      return true;
    };
  };

  test('no such image', async () => {
    const error = await rig.pullFails('IMAGE_NOT_FOUND', /not found/);
    assert.ok(error.message.includes(rig.ref('app:1')) && error.message.includes('answered 404'));
  });

  test('nothing listens there', async () => {
    const gone = await FakeRegistry.start();
    const { host } = gone;
    await gone.stop();
    await assert.rejects(
      rig.store.pull(`${host}/app:1`, undefined, never),
      (error) =>
        isBoxError(error, 'REGISTRY_UNAVAILABLE') &&
        error.message.includes('ECONNREFUSED') &&
        error.message.includes(`${host}/app:1`),
    );
  });

  test('403 and 401 without a challenge', async () => {
    answerWith(403);
    await rig.pullFails('REGISTRY_DENIED', /pull secret.*answered 403/);
    answerWith(401);
    await rig.pullFails('REGISTRY_DENIED', /answered 401/);
  });

  test("500 for ever: three rounds, then an error with the registry's words", async () => {
    answerWith(500);
    await rig.pullFails('REGISTRY_UNAVAILABLE', /answered 500 .*because/);
    assert.equal(rig.registry.requests.filter((line) => line.startsWith('GET')).length, 3);
  });

  test('500 once: the pull succeeds', async () => {
    rig.registry.putImage('app:1', { layers: [bigTar] });
    const seen = new Set<string>();
    rig.registry.intercept = (request, response) => {
      if (seen.has(request.url ?? '')) return false;
      seen.add(request.url ?? '');
      response.writeHead(502).end();
      return true;
    };
    assert.equal((await rig.store.pull(rig.ref('app:1'), undefined, never)).diffIds.length, 1);
  });

  test('manifests that are none', async () => {
    const layer = rig.registry.putBlob(gzipSync(bigTar), OCI_LAYER);
    const arm = { ...layer, mediaType: OCI_MANIFEST, platform: { os: 'linux', architecture: 'arm64' } };
    const helm = { ...layer, mediaType: 'application/vnd.cncf.helm.config.v1+json' };
    const documents: readonly (readonly [document: unknown, message: RegExp])[] = [
      [[1], /not a JSON object/],
      [{ schemaVersion: 1, fsLayers: [] }, /schema 1/],
      [
        { schemaVersion: 2, mediaType: OCI_MANIFEST, config: layer, layers: [], manifests: [] },
        /index and a manifest at once/,
      ],
      [{ schemaVersion: 2, mediaType: 'application/vnd.x+json' }, /"application\/vnd.x\+json" is not that of an image/],
      [
        { schemaVersion: 2, mediaType: OCI_MANIFEST, config: helm, layers: [] },
        /artefact of type application\/vnd.cncf.helm/,
      ],
      [
        { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [arm] },
        /no image for linux\/amd64 \(it has: linux\/arm64\)/,
      ],
      [
        { schemaVersion: 2, mediaType: OCI_MANIFEST, config: { mediaType: 'x', digest: 'md5:1', size: 1 }, layers: [] },
        /sha256/,
      ],
    ];
    for (const [document, message] of documents) {
      rig.registry.putManifest('app:1', document);
      await rig.pullFails('MANIFEST_INVALID', message);
    }
  });

  test('garbage instead of a manifest', async () => {
    rig.registry.intercept = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>login</html>');
      return true;
    };
    await rig.pullFails('MANIFEST_INVALID', /not JSON/);
  });

  test('a manifest of another digest, or over 4 MiB', async () => {
    const { manifest } = rig.registry.putImage('app:1', { layers: [] });
    rig.registry.manifests.set(manifest.digest, { bytes: Buffer.from('{}'), type: OCI_MANIFEST });
    await rig.pullFails('REGISTRY_ANSWER', /with one of digest/);
    rig.registry.manifests.set(manifest.digest, { bytes: Buffer.alloc(5 << 20, 0x20), type: OCI_MANIFEST });
    await rig.pullFails('REGISTRY_ANSWER', /more than 4194304 bytes/);
  });

  test('layers of the wrong kind', async () => {
    rig.registry.putImage('app:1', {
      layers: [bigTar],
      layerType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
    });
    await rig.pullFails('MANIFEST_INVALID', /foreign/);
    rig.registry.putImage('app:1', { layers: [bigTar], layerType: `${OCI_LAYER}+encrypted` });
    await rig.pullFails('MANIFEST_INVALID', /encrypted/);
    rig.registry.putImage('app:1', { layers: [bigTar], layerType: 'text/plain' });
    await rig.pullFails('MANIFEST_INVALID', /unknown type text\/plain/);
  });

  test('configs that do not fit', async () => {
    rig.registry.putImage('app:1', { layers: [bigTar], document: { rootfs: { type: 'layers', diff_ids: [] } } });
    await rig.pullFails('MANIFEST_INVALID', /1 layers, but its config has 0/);
    rig.registry.putImage('app:1', { layers: [], document: { architecture: 's390x' } });
    await rig.pullFails('MANIFEST_INVALID', /is for linux\/s390x/);
    const { configDigest } = rig.registry.putImage('app:1', { layers: [] });
    rig.registry.blobs.set(configDigest, Buffer.from('{}'));
    await rig.pullFails('REGISTRY_ANSWER', /with other bytes/);
  });

  test("a layer whose bytes are not its digest's", async () => {
    const { blobs } = rig.registry.putImage('app:1', { layers: [bigTar], compress: store0 });
    const digest = blobs[0]?.digest ?? '';
    rig.registry.blobs.set(digest, damaged(rig.registry.blobs.get(digest) ?? Buffer.alloc(0)));
    await rig.pullFails('DIGEST_MISMATCH', new RegExp(`layer ${digest} arrived with digest sha256:`));
  });

  test("a layer whose tar is not the config's", async () => {
    rig.registry.putImage('app:1', {
      layers: [bigTar],
      document: { rootfs: { type: 'layers', diff_ids: [`sha256:${'a'.repeat(64)}`] } },
    });
    await rig.pullFails('MANIFEST_INVALID', /unpacks to sha256:.*config says sha256:aaaa/);
  });

  test('layers that are no layer', async () => {
    rig.registry.putImage('app:1', { layers: [bigTar], compress: (tar) => gzipSync(tar).subarray(0, 1000) });
    await rig.pullFails('LAYER_INVALID', /not valid gzip/);
    rig.registry.putImage('app:1', { layers: [archive(symlink('a', 'b'), symlink('b', 'a'), file('a/x'))] });
    await rig.pullFails('LAYER_INVALID', /more than 40 symlinks.*"a\/x"/);
    await rig.store.close();
    await rig.reopen({ layerLimits: { maxUncompressedBytes: 100_000 } });
    rig.registry.putImage('app:1', { layers: [bigTar] });
    await rig.pullFails('LAYER_LIMIT', /more than 100000 bytes uncompressed/);
  });

  test('a pull that fails keeps none of its finished layers', async () => {
    rig.registry.putImage('app:1', {
      layers: [archive(file('good', 'x')), archive(symlink('a', 'b'), symlink('b', 'a'), file('a/x'))],
    });
    const error = await rig.pullFails('LAYER_INVALID', /more than 40 symlinks/);
    assert.ok(error.message.startsWith(`pull of ${rig.ref('app:1')}: layer sha256:`));
  });

  const isRoot = process.getuid?.() === 0;
  test('the disk is full: a clear error, and the store goes on', {
    skip: isRoot ? false : 'mounting a small tmpfs needs root',
  }, async () => {
    await rig.store.close();
    mkdirSync(rig.disk.root, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', rig.disk.root]);
    try {
      await rig.reopen();
      rig.registry.putImage('app:1', { layers: [bigTar] });
      const error = await rig.pullFails('DISK_FULL', /no space left for layer sha256:.*free space there/);
      assert.ok(error.message.includes(path.join(rig.disk.root, 'ingest')));
      rig.registry.putImage('small:1', { layers: [archive(file('a', 'x'))] });
      assert.equal((await rig.store.pull(rig.ref('small:1'), undefined, never)).diffIds.length, 1);
      assert.deepEqual(readdirSync(path.join(rig.disk.root, 'ingest')), []);
      await rig.store.close();
    } finally {
      execFileSync('umount', ['-l', rig.disk.root]);
    }
  });

  test('references that are none', async () => {
    await assert.rejects(rig.store.pull('UPPER', undefined, never), (error) => isBoxError(error, 'INVALID_REFERENCE'));
  });
});
