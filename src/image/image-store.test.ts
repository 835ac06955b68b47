/** The store against a registry in memory: names, tags, sharing, collection, records. */
import assert from 'node:assert/strict';
import { lstatSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { isBoxError } from '../errors.ts';
import { FakeRegistry } from '../testing/fake-registry.ts';
import { type StoreRig, storeRig } from '../testing/image-stores.ts';
import { archive, directory, file } from '../testing/tar-builder.ts';
import type { ImageStore } from './image-store.ts';

const never = new AbortController().signal;
const base = archive(directory('etc'), file('etc/passwd', 'root:x:0:0\n'));
const layerNamed = (name: string): Buffer => archive(file(name, name));

describe('image store', () => {
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

  test('a pulled image is found by every name it has', async () => {
    const { configDigest, manifest, diffIds } = registry.putImage('app:1', {
      layers: [base, layerNamed('a')],
      config: {
        User: '1000',
        Env: ['A=b'],
        Cmd: ['sh'],
        Entrypoint: null,
        WorkingDir: '/w',
        StopSignal: 'SIGQUIT',
        Labels: { l: 'v' },
      },
    });
    const image = await store.pull(ref('app:1'), undefined, never);
    assert.deepEqual(image, {
      id: configDigest,
      repoTags: [ref('app:1')],
      repoDigests: [ref(`app@${manifest.digest}`)],
      size: image.size,
      config: {
        user: '1000',
        env: ['A=b'],
        entrypoint: [],
        cmd: ['sh'],
        workingDir: '/w',
        stopSignal: 'SIGQUIT',
        labels: { l: 'v' },
      },
      diffIds,
      pinned: false,
    });
    const hex = configDigest.slice(7);
    for (const name of [
      ref('app:1'),
      ref(`app@${manifest.digest}`),
      ref(`app:1@${manifest.digest}`),
      configDigest,
      hex,
      hex.slice(0, 12),
      `sha256:${hex.slice(0, 20)}`,
    ]) {
      assert.deepEqual(store.find(name), image, name);
    }
    for (const name of [ref('app'), ref('app:2'), 'app:1', hex.slice(0, 11), '', '!!'])
      assert.equal(store.find(name), undefined, name);
    const sizes = readdirSync(path.join(rig.root, 'layers/sha256'))
      .filter((name) => name.endsWith('.erofs'))
      .map((name) => lstatSync(path.join(rig.root, 'layers/sha256', name)).size);
    assert.ok(image.size > sizes.reduce((sum, size) => sum + size, 0));
  });

  test('by digest: no tag; the same image by tag afterwards: merged', async () => {
    const { manifest } = registry.putImage('app:1', { layers: [base] });
    const byDigest = await store.pull(ref(`app@${manifest.digest}`), undefined, never);
    assert.deepEqual([byDigest.repoTags, byDigest.repoDigests], [[], [ref(`app@${manifest.digest}`)]]);
    await store.pull(ref('app:1'), undefined, never);
    registry.manifests.set('other:x', {
      bytes: registry.manifests.get(manifest.digest)?.bytes ?? Buffer.alloc(0),
      type: manifest.mediaType,
    });
    const merged = await store.pull(ref('other:x'), undefined, never);
    assert.equal(store.list().length, 1);
    assert.deepEqual(merged.repoTags, [ref('app:1'), ref('other:x')]);
    assert.deepEqual(merged.repoDigests, [ref(`app@${manifest.digest}`), ref(`other@${manifest.digest}`)]);
  });

  test('a tag that moves leaves the old image with its digests', async () => {
    const old = registry.putImage('app:1', { layers: [layerNamed('old')] });
    await store.pull(ref('app:1'), undefined, never);
    const fresh = registry.putImage('app:1', { layers: [layerNamed('new')] });
    await store.pull(ref('app:1'), undefined, never);
    assert.deepEqual(store.find(old.configDigest)?.repoTags, []);
    assert.deepEqual(store.find(old.configDigest)?.repoDigests, [ref(`app@${old.manifest.digest}`)]);
    assert.equal(store.find(ref('app:1'))?.id, fresh.configDigest);
  });

  test('layers that are here are not fetched again', async () => {
    registry.putImage('one:1', { layers: [base, layerNamed('a')] });
    const two = registry.putImage('two:1', { layers: [base, layerNamed('b')] });
    await store.pull(ref('one:1'), undefined, never);
    registry.requests.length = 0;
    await store.pull(ref('two:1'), undefined, never);
    const blobs = registry.requests.filter((line) => line.includes('/blobs/')).map((line) => line.split('/').at(-1));
    assert.deepEqual(new Set(blobs), new Set([two.configDigest, two.blobs[1]?.digest]));
    assert.equal(blobs.length, 2);
    registry.requests.length = 0;
    await store.pull(ref('two:1'), undefined, never);
    assert.deepEqual(registry.requests, ['HEAD /v2/two/manifests/1']);
  });

  test('removal takes every name at once, and layers that no other image uses', async () => {
    const one = registry.putImage('one:1', { layers: [base, layerNamed('a')] });
    registry.putImage('two:1', { layers: [base] });
    await store.pull(ref('one:1'), undefined, never);
    await store.pull(ref('two:1'), undefined, never);
    await Promise.all(Array.from({ length: 5 }, () => store.remove(one.configDigest)));
    assert.equal(store.find(ref('one:1')), undefined);
    assert.equal(rig.files().filter((name) => name.endsWith('.erofs')).length, 1);
    await store.remove(ref('two:1'));
    await store.remove(ref('two:1'));
    assert.deepEqual([store.list(), rig.files(), (await store.usage()).usedBytes], [[], [], 0]);
  });

  test('a second start finds the same images and removes leftovers', async () => {
    registry.putImage('app:1', { layers: [base] });
    const image = await store.pull(ref('app:1'), undefined, never);
    await store.close();
    const [record] = readdirSync(path.join(rig.root, 'images'));
    writeFileSync(path.join(rig.root, 'ingest/half'), 'x');
    writeFileSync(path.join(rig.root, `layers/sha256/${'0'.repeat(64)}.erofs`), 'x');
    writeFileSync(path.join(rig.root, `images/${'1'.repeat(64)}.json`), '{"version":1');
    const again = await rig.open();
    assert.deepEqual(again.list(), [image]);
    assert.equal(rig.files().length, 4);
    assert.ok(rig.files().includes(`images/${'1'.repeat(64)}.json.bad`) && rig.files().includes(`images/${record}`));
    assert.ok(rig.log.some(({ level, message }) => level === 'warn' && message.includes('set aside')));
    await again.close();
  });

  test('an image whose layer has gone is set aside, not shown', async () => {
    registry.putImage('app:1', { layers: [base] });
    await store.pull(ref('app:1'), undefined, never);
    await store.close();
    const sidecar = readdirSync(path.join(rig.root, 'layers/sha256')).find((name) => name.endsWith('.json')) ?? '';
    writeFileSync(path.join(rig.root, 'layers/sha256', sidecar), 'nonsense');
    store = await rig.open();
    assert.deepEqual(store.list(), []);
    assert.ok((await store.pull(ref('app:1'), undefined, never)).size > 0);
  });

  test('linkLayers: bottom first, each layer once, safe from removal', async () => {
    const { diffIds, configDigest } = registry.putImage('app:1', { layers: [base, archive(file('tmp/new')), base] });
    await store.pull(ref('app:1'), undefined, never);
    const dir = mkdtempSync(path.join(rig.root, 'share-'));
    const linked = await store.linkLayers(configDigest, dir);
    assert.deepEqual(linked, [
      { name: `${diffIds[1]?.slice(7)}.erofs`, impliedDirs: ['tmp'], rootOpaque: false },
      { name: `${diffIds[0]?.slice(7)}.erofs`, impliedDirs: [], rootOpaque: false },
    ]);
    assert.deepEqual(await store.linkLayers(configDigest, dir), linked);
    await store.remove(configDigest);
    assert.deepEqual(readdirSync(dir).sort(), linked.map(({ name }) => name).sort());
    await assert.rejects(store.linkLayers(configDigest, dir), (error) => isBoxError(error, 'IMAGE_NOT_FOUND'));
  });

  test('an image without layers has a size', async () => {
    registry.putImage('empty:1', { layers: [] });
    assert.ok((await store.pull(ref('empty:1'), undefined, never)).size > 0);
  });

  test('a pull that gives up does not end another one of the same image', async () => {
    const { blobs, configDigest } = registry.putImage('app:1', {
      layers: [archive(file('big', Buffer.alloc(3 << 20, 7)))],
    });
    const first = new AbortController();
    registry.intercept = (request) => {
      if (request.url === `/v2/app/blobs/${blobs[0]?.digest}`) first.abort();
      return false;
    };
    const results = await Promise.allSettled([
      store.pull(ref('app:1'), undefined, first.signal),
      store.pull(ref('app:1'), undefined, never),
    ]);
    assert.ok(results[0].status === 'rejected' && isBoxError(results[0].reason, 'CANCELLED'));
    assert.equal(results[1].status === 'fulfilled' && results[1].value.id, configDigest);
  });

  test('layers land on another file system: a clear error', {
    skip: process.getuid?.() === 0 ? false : 'needs /dev/shm apart from the temporary folder',
  }, async (context) => {
    const elsewhere = '/dev/shm';
    if (lstatSync(elsewhere).dev === lstatSync(rig.root).dev)
      return context.skip('/dev/shm is on the same file system');
    registry.putImage('app:1', { layers: [base] });
    const image = await store.pull(ref('app:1'), undefined, never);
    const dir = mkdtempSync(path.join(elsewhere, 'links-'));
    await assert.rejects(store.linkLayers(image.id, dir), /another file system/);
    return undefined;
  });
});
