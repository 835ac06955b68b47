/** The store against a registry in memory: names, tags, sharing, collection, records. */
import assert from 'node:assert/strict';
import { lstatSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { isBoxError } from '../errors.ts';
import { useImageRig } from '../testing/image-rig.ts';
import { archive, directory, file } from '../testing/tar-builder.ts';

const never = new AbortController().signal;
const base = archive(directory('etc'), file('etc/passwd', 'root:x:0:0\n'));
const layerNamed = (name: string): Buffer => archive(file(name, name));

describe('image store', () => {
  const rig = useImageRig();

  test('a pulled image is found by every name it has', async () => {
    const { configDigest, manifest, diffIds } = rig.registry.putImage('app:1', {
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
    const image = await rig.store.pull(rig.ref('app:1'), undefined, never);
    assert.deepEqual(image, {
      id: configDigest,
      repoTags: [rig.ref('app:1')],
      repoDigests: [rig.ref(`app@${manifest.digest}`)],
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
      rig.ref('app:1'),
      rig.ref(`app@${manifest.digest}`),
      rig.ref(`app:1@${manifest.digest}`),
      configDigest,
      hex,
      hex.slice(0, 12),
      `sha256:${hex.slice(0, 20)}`,
    ]) {
      assert.deepEqual(rig.store.find(name), image, name);
    }
    for (const name of [rig.ref('app'), rig.ref('app:2'), 'app:1', hex.slice(0, 11), '', '!!'])
      assert.equal(rig.store.find(name), undefined, name);
    const sizes = readdirSync(path.join(rig.disk.root, 'layers/sha256'))
      .filter((name) => name.endsWith('.erofs'))
      .map((name) => lstatSync(path.join(rig.disk.root, 'layers/sha256', name)).size);
    assert.ok(image.size > sizes.reduce((sum, size) => sum + size, 0));
  });

  test('by digest: no tag; the same image by tag afterwards: merged', async () => {
    const { manifest } = rig.registry.putImage('app:1', { layers: [base] });
    const byDigest = await rig.store.pull(rig.ref(`app@${manifest.digest}`), undefined, never);
    assert.deepEqual([byDigest.repoTags, byDigest.repoDigests], [[], [rig.ref(`app@${manifest.digest}`)]]);
    await rig.store.pull(rig.ref('app:1'), undefined, never);
    rig.registry.manifests.set('other:x', {
      bytes: rig.registry.manifests.get(manifest.digest)?.bytes ?? Buffer.alloc(0),
      type: manifest.mediaType,
    });
    const merged = await rig.store.pull(rig.ref('other:x'), undefined, never);
    assert.equal(rig.store.list().length, 1);
    assert.deepEqual(merged.repoTags, [rig.ref('app:1'), rig.ref('other:x')]);
    assert.deepEqual(merged.repoDigests, [rig.ref(`app@${manifest.digest}`), rig.ref(`other@${manifest.digest}`)]);
  });

  test('a tag that moves leaves the old image with its digests', async () => {
    const old = rig.registry.putImage('app:1', { layers: [layerNamed('old')] });
    await rig.store.pull(rig.ref('app:1'), undefined, never);
    const fresh = rig.registry.putImage('app:1', { layers: [layerNamed('new')] });
    await rig.store.pull(rig.ref('app:1'), undefined, never);
    assert.deepEqual(rig.store.find(old.configDigest)?.repoTags, []);
    assert.deepEqual(rig.store.find(old.configDigest)?.repoDigests, [rig.ref(`app@${old.manifest.digest}`)]);
    assert.equal(rig.store.find(rig.ref('app:1'))?.id, fresh.configDigest);
  });

  test('layers that are here are not fetched again', async () => {
    rig.registry.putImage('one:1', { layers: [base, layerNamed('a')] });
    const two = rig.registry.putImage('two:1', { layers: [base, layerNamed('b')] });
    await rig.store.pull(rig.ref('one:1'), undefined, never);
    rig.registry.requests.length = 0;
    await rig.store.pull(rig.ref('two:1'), undefined, never);
    const blobs = rig.registry.requests
      .filter((line) => line.includes('/blobs/'))
      .map((line) => line.split('/').at(-1));
    assert.deepEqual(new Set(blobs), new Set([two.configDigest, two.blobs[1]?.digest]));
    assert.equal(blobs.length, 2);
    rig.registry.requests.length = 0;
    await rig.store.pull(rig.ref('two:1'), undefined, never);
    assert.deepEqual(rig.registry.requests, ['HEAD /v2/two/manifests/1']);
  });

  test('removal takes every name at once, and layers that no other image uses', async () => {
    const one = rig.registry.putImage('one:1', { layers: [base, layerNamed('a')] });
    rig.registry.putImage('two:1', { layers: [base] });
    await rig.store.pull(rig.ref('one:1'), undefined, never);
    await rig.store.pull(rig.ref('two:1'), undefined, never);
    await Promise.all(Array.from({ length: 5 }, () => rig.store.remove(one.configDigest)));
    assert.equal(rig.store.find(rig.ref('one:1')), undefined);
    assert.equal(rig.disk.files().filter((name) => name.endsWith('.erofs')).length, 1);
    await rig.store.remove(rig.ref('two:1'));
    await rig.store.remove(rig.ref('two:1'));
    assert.deepEqual([rig.store.list(), rig.disk.files(), (await rig.store.usage()).usedBytes], [[], [], 0]);
  });

  test('a second start finds the same images and removes leftovers', async () => {
    rig.registry.putImage('app:1', { layers: [base] });
    const image = await rig.store.pull(rig.ref('app:1'), undefined, never);
    await rig.store.close();
    const [record] = readdirSync(path.join(rig.disk.root, 'images'));
    writeFileSync(path.join(rig.disk.root, 'ingest/half'), 'x');
    writeFileSync(path.join(rig.disk.root, `layers/sha256/${'0'.repeat(64)}.erofs`), 'x');
    writeFileSync(path.join(rig.disk.root, `images/${'1'.repeat(64)}.json`), '{"version":1');
    const again = await rig.reopen();
    assert.deepEqual(again.list(), [image]);
    assert.equal(rig.disk.files().length, 4);
    assert.ok(
      rig.disk.files().includes(`images/${'1'.repeat(64)}.json.bad`) && rig.disk.files().includes(`images/${record}`),
    );
    assert.ok(rig.disk.log.some(({ level, message }) => level === 'warn' && message.includes('set aside')));
    const removed = rig.disk.log.filter(({ message }) => message === 'leftover removed').map(({ fields }) => fields);
    assert.deepEqual(removed, [
      { kind: 'unfinished file', name: path.join(rig.disk.root, 'ingest/half') },
      { kind: 'half a layer', name: path.join(rig.disk.root, `layers/sha256/${'0'.repeat(64)}.erofs`) },
    ]);
  });

  test('an image whose layer has gone is set aside, not shown', async () => {
    rig.registry.putImage('app:1', { layers: [base] });
    await rig.store.pull(rig.ref('app:1'), undefined, never);
    await rig.store.close();
    const sidecar = readdirSync(path.join(rig.disk.root, 'layers/sha256')).find((name) => name.endsWith('.json')) ?? '';
    writeFileSync(path.join(rig.disk.root, 'layers/sha256', sidecar), 'nonsense');
    await rig.reopen();
    assert.deepEqual(rig.store.list(), []);
    assert.ok((await rig.store.pull(rig.ref('app:1'), undefined, never)).size > 0);
  });

  test('linkLayers: bottom first, each layer once, safe from removal', async () => {
    const { diffIds, configDigest } = rig.registry.putImage('app:1', {
      layers: [base, archive(file('tmp/new')), base],
    });
    await rig.store.pull(rig.ref('app:1'), undefined, never);
    const dir = mkdtempSync(path.join(rig.disk.root, 'share-'));
    const linked = await rig.store.linkLayers(configDigest, dir);
    assert.deepEqual(linked, [
      { name: `${diffIds[1]?.slice(7)}.erofs`, impliedDirs: ['tmp'], rootOpaque: false },
      { name: `${diffIds[0]?.slice(7)}.erofs`, impliedDirs: [], rootOpaque: false },
    ]);
    assert.deepEqual(await rig.store.linkLayers(configDigest, dir), linked);
    await rig.store.remove(configDigest);
    assert.deepEqual(readdirSync(dir).sort(), linked.map(({ name }) => name).sort());
    await assert.rejects(rig.store.linkLayers(configDigest, dir), (error) => isBoxError(error, 'IMAGE_NOT_FOUND'));
  });

  test('an image without layers has a size', async () => {
    rig.registry.putImage('empty:1', { layers: [] });
    assert.ok((await rig.store.pull(rig.ref('empty:1'), undefined, never)).size > 0);
  });

  test('a pull that gives up does not end another one of the same image', async () => {
    const { blobs, configDigest } = rig.registry.putImage('app:1', {
      layers: [archive(file('big', Buffer.alloc(3 << 20, 7)))],
    });
    const first = new AbortController();
    rig.registry.intercept = (request) => {
      if (request.url === `/v2/app/blobs/${blobs[0]?.digest}`) first.abort();
      return false;
    };
    const results = await Promise.allSettled([
      rig.store.pull(rig.ref('app:1'), undefined, first.signal),
      rig.store.pull(rig.ref('app:1'), undefined, never),
    ]);
    assert.ok(results[0].status === 'rejected' && isBoxError(results[0].reason, 'CANCELLED'));
    assert.equal(results[1].status === 'fulfilled' && results[1].value.id, configDigest);
  });

  test('layers land on another file system: a clear error', {
    skip: process.getuid?.() === 0 ? false : 'needs /dev/shm apart from the temporary folder',
  }, async (context) => {
    const elsewhere = '/dev/shm';
    if (lstatSync(elsewhere).dev === lstatSync(rig.disk.root).dev)
      return context.skip('/dev/shm is on the same file system');
    rig.registry.putImage('app:1', { layers: [base] });
    const image = await rig.store.pull(rig.ref('app:1'), undefined, never);
    const dir = mkdtempSync(path.join(elsewhere, 'links-'));
    await assert.rejects(rig.store.linkLayers(image.id, dir), /another file system/);
    return undefined;
  });
});
