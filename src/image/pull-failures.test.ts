/** What a pull says and leaves behind when the registry, the network, the image or the disk is bad. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type BoxError, type ErrorReason, isBoxError } from '../errors.ts';
import { FakeRegistry, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '../testing/fake-registry.ts';
import { type StoreRig, storeRig } from '../testing/image-stores.ts';
import { archive, file, symlink } from '../testing/tar-builder.ts';
import type { ImageStore } from './image-store.ts';

const never = new AbortController().signal;
const bigTar = archive(file('big', Buffer.from(Array.from({ length: 400_000 }, (_, index) => (index * 7919) % 251))));
const store0 = (bytes: Buffer): Buffer => gzipSync(bytes, { level: 0 });

describe('pulls that fail', () => {
  let registry: FakeRegistry;
  let rig: StoreRig;
  let store: ImageStore;

  before(async () => {
    registry = await FakeRegistry.start();
  });
  after(() => registry.stop());
  beforeEach(async (context) => {
    registry.intercept = undefined;
    registry.requests.length = 0;
    rig = storeRig();
    store = await rig.open();
    if ('after' in context) {
      context.after(async () => {
        await store.close();
        rig.remove();
      });
    }
  });

  const ref = (name: string): string => `${registry.host}/${name}`;

  /** The pull must fail so, and leave no file. */
  async function fails(reason: ErrorReason, message: RegExp, signal = never): Promise<BoxError> {
    let failure: unknown;
    await assert.rejects(store.pull(ref('app:1'), undefined, signal), (error) => {
      failure = error;
      return true;
    });
    assert.ok(isBoxError(failure), String(failure));
    assert.equal(failure.reason, reason, failure.message);
    assert.match(failure.message, message);
    assert.deepEqual(rig.files(), []);
    assert.deepEqual(store.list(), []);
    return failure;
  }

  const answerWith = (status: number, when: (url: string) => boolean = () => true) => {
    registry.intercept = (request, response) => {
      if (!when(request.url ?? '')) return false;
      response.writeHead(status).end('{"errors":[{"code":"X","message":"because"}]}');
      return true;
    };
  };

  test('no such image', async () => {
    const error = await fails('IMAGE_NOT_FOUND', /not found/);
    assert.ok(error.message.includes(ref('app:1')) && error.message.includes('answered 404'));
  });

  test('nothing listens there', async () => {
    const gone = await FakeRegistry.start();
    const { host } = gone;
    await gone.stop();
    await assert.rejects(
      store.pull(`${host}/app:1`, undefined, never),
      (error) =>
        isBoxError(error, 'REGISTRY_UNAVAILABLE') &&
        error.message.includes('ECONNREFUSED') &&
        error.message.includes(`${host}/app:1`),
    );
  });

  test('403 and 401 without a challenge', async () => {
    answerWith(403);
    await fails('REGISTRY_DENIED', /pull secret.*answered 403/);
    answerWith(401);
    await fails('REGISTRY_DENIED', /answered 401/);
  });

  test("500 for ever: three rounds, then an error with the registry's words", async () => {
    answerWith(500);
    await fails('REGISTRY_UNAVAILABLE', /answered 500 .*because/);
    assert.equal(registry.requests.filter((line) => line.startsWith('GET')).length, 3);
  });

  test('500 once: the pull succeeds', async () => {
    registry.putImage('app:1', { layers: [bigTar] });
    const seen = new Set<string>();
    registry.intercept = (request, response) => {
      if (seen.has(request.url ?? '')) return false;
      seen.add(request.url ?? '');
      response.writeHead(502).end();
      return true;
    };
    assert.equal((await store.pull(ref('app:1'), undefined, never)).diffIds.length, 1);
  });

  test('manifests that are none', async () => {
    const layer = registry.putBlob(gzipSync(bigTar), OCI_LAYER);
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
      registry.putManifest('app:1', document);
      await fails('MANIFEST_INVALID', message);
    }
  });

  test('garbage instead of a manifest', async () => {
    registry.intercept = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>login</html>');
      return true;
    };
    await fails('MANIFEST_INVALID', /not JSON/);
  });

  test('a manifest of another digest, or over 4 MiB', async () => {
    const { manifest } = registry.putImage('app:1', { layers: [] });
    registry.manifests.set(manifest.digest, { bytes: Buffer.from('{}'), type: OCI_MANIFEST });
    await fails('REGISTRY_ANSWER', /with one of digest/);
    registry.manifests.set(manifest.digest, { bytes: Buffer.alloc(5 << 20, 0x20), type: OCI_MANIFEST });
    await fails('REGISTRY_ANSWER', /more than 4194304 bytes/);
  });

  test('layers of the wrong kind', async () => {
    registry.putImage('app:1', {
      layers: [bigTar],
      layerType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
    });
    await fails('MANIFEST_INVALID', /foreign/);
    registry.putImage('app:1', { layers: [bigTar], layerType: `${OCI_LAYER}+encrypted` });
    await fails('MANIFEST_INVALID', /encrypted/);
    registry.putImage('app:1', { layers: [bigTar], layerType: 'text/plain' });
    await fails('MANIFEST_INVALID', /unknown type text\/plain/);
  });

  test('configs that do not fit', async () => {
    registry.putImage('app:1', { layers: [bigTar], document: { rootfs: { type: 'layers', diff_ids: [] } } });
    await fails('MANIFEST_INVALID', /1 layers, but its config has 0/);
    registry.putImage('app:1', { layers: [], document: { architecture: 's390x' } });
    await fails('MANIFEST_INVALID', /is for linux\/s390x/);
    const { configDigest } = registry.putImage('app:1', { layers: [] });
    registry.blobs.set(configDigest, Buffer.from('{}'));
    await fails('REGISTRY_ANSWER', /with other bytes/);
  });

  test("a layer whose bytes are not its digest's", async () => {
    const { blobs } = registry.putImage('app:1', { layers: [bigTar], compress: store0 });
    const digest = blobs[0]?.digest ?? '';
    const bytes = Buffer.from(registry.blobs.get(digest) ?? '');
    bytes.writeUInt8(bytes.readUInt8(5000) ^ 1, 5000);
    registry.blobs.set(digest, bytes);
    await fails('DIGEST_MISMATCH', new RegExp(`layer ${digest} arrived with digest sha256:`));
  });

  test("a layer whose tar is not the config's", async () => {
    registry.putImage('app:1', {
      layers: [bigTar],
      document: { rootfs: { type: 'layers', diff_ids: [`sha256:${'a'.repeat(64)}`] } },
    });
    await fails('DIGEST_MISMATCH', /unpacks to sha256:.*config says sha256:aaaa/);
  });

  test('layers that are no layer', async () => {
    registry.putImage('app:1', { layers: [bigTar], compress: (tar) => gzipSync(tar).subarray(0, 1000) });
    await fails('LAYER_INVALID', /not valid gzip/);
    registry.putImage('app:1', { layers: [archive(symlink('a', 'b'), symlink('b', 'a'), file('a/x'))] });
    await fails('LAYER_INVALID', /more than 40 symlinks.*"a\/x"/);
    await store.close();
    store = await rig.open({ layerLimits: { maxUncompressedBytes: 100_000 } });
    registry.putImage('app:1', { layers: [bigTar] });
    await fails('LAYER_LIMIT', /more than 100000 bytes uncompressed/);
  });

  const cut = (response: ServerResponse, bytes: Buffer, at: number): void => {
    response.writeHead(200, { 'content-length': bytes.length });
    response.write(bytes.subarray(0, at), () => setImmediate(() => response.destroy()));
  };

  test('a transfer that breaks is taken up where it stopped', async () => {
    const { blobs } = registry.putImage('app:1', { layers: [bigTar], compress: store0 });
    const blob = registry.blobs.get(blobs[0]?.digest ?? '') ?? Buffer.alloc(0);
    const ranges: (string | undefined)[] = [];
    registry.intercept = (request, response) => {
      if (!request.url?.endsWith(blobs[0]?.digest ?? '')) return false;
      ranges.push(request.headers.range);
      if (ranges.length > 1) return false;
      cut(response, blob, 100_000);
      return true;
    };
    await store.pull(ref('app:1'), undefined, never);
    assert.equal(ranges.length, 2);
    assert.equal(ranges[0], undefined);
    assert.match(ranges[1] ?? '', /^bytes=\d+-$/);
  });

  test('so is one from a server without ranges', async () => {
    const { blobs } = registry.putImage('app:1', { layers: [bigTar], compress: store0 });
    const blob = registry.blobs.get(blobs[0]?.digest ?? '') ?? Buffer.alloc(0);
    let asked = 0;
    registry.intercept = (request, response) => {
      if (!request.url?.endsWith(blobs[0]?.digest ?? '')) return false;
      asked += 1;
      if (asked === 1) cut(response, blob, 100_000);
      else response.writeHead(200, { 'content-length': blob.length }).end(blob);
      return true;
    };
    assert.equal((await store.pull(ref('app:1'), undefined, never)).diffIds.length, 1);
  });

  test('a blob that always ends early, or is too long', async () => {
    const { blobs } = registry.putImage('app:1', { layers: [bigTar] });
    const digest = blobs[0]?.digest ?? '';
    const whole = registry.blobs.get(digest) ?? Buffer.alloc(0);
    registry.intercept = (request, response) => {
      if (!request.url?.endsWith(digest)) return false;
      response.writeHead(200).end(whole.subarray(0, 500));
      return true;
    };
    await fails('REGISTRY_ANSWER', new RegExp(`ended it after 500 of ${whole.length} bytes`));
    registry.intercept = undefined;
    registry.blobs.set(digest, Buffer.concat([whole, Buffer.from('more')]));
    await fails('REGISTRY_ANSWER', /sent more than its/);
  });

  test('cancelled and out of time: nothing is left', async () => {
    const { blobs } = registry.putImage('app:1', { layers: [bigTar], compress: store0 });
    const blob = registry.blobs.get(blobs[0]?.digest ?? '') ?? Buffer.alloc(0);
    const client = new AbortController();
    registry.intercept = (request, response) => {
      if (!request.url?.endsWith(blobs[0]?.digest ?? '')) return false;
      response.writeHead(200, { 'content-length': blob.length });
      response.write(blob.subarray(0, 70_000), () => client.abort());
      return true;
    };
    await fails('CANCELLED', /pull of 127.0.0.1:\d+\/app:1 was cancelled/, client.signal);
    await fails('DEADLINE', /was not done in time/, AbortSignal.timeout(1));
    await fails('CANCELLED', /cancelled/, AbortSignal.abort());
  });

  test('a pull that fails keeps none of its finished layers', async () => {
    registry.putImage('app:1', {
      layers: [archive(file('good', 'x')), archive(symlink('a', 'b'), symlink('b', 'a'), file('a/x'))],
    });
    const error = await fails('LAYER_INVALID', /more than 40 symlinks/);
    assert.ok(error.message.startsWith(`pull of ${ref('app:1')}: layer sha256:`));
  });

  const isRoot = process.getuid?.() === 0;
  test('the disk is full: a clear error, and the store goes on', {
    skip: isRoot ? false : 'mounting a small tmpfs needs root',
  }, async () => {
    await store.close();
    mkdirSync(rig.root, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', rig.root]);
    try {
      store = await rig.open();
      registry.putImage('app:1', { layers: [bigTar] });
      const error = await fails('DISK_FULL', /no space left for layer sha256:.*free space there/);
      assert.ok(error.message.includes(path.join(rig.root, 'ingest')));
      registry.putImage('small:1', { layers: [archive(file('a', 'x'))] });
      assert.equal((await store.pull(ref('small:1'), undefined, never)).diffIds.length, 1);
      assert.deepEqual(readdirSync(path.join(rig.root, 'ingest')), []);
      await store.close();
    } finally {
      execFileSync('umount', ['-l', rig.root]);
    }
  });

  test('references that are none', async () => {
    await assert.rejects(store.pull('UPPER', undefined, never), (error) => isBoxError(error, 'INVALID_REFERENCE'));
  });
});
