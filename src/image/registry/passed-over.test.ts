/** What a host does wrong is that host's fault, whatever it is: the next one is asked. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isBoxError } from '../../errors.ts';
import { bigTar, damaged, store0 } from '../../testing/big-layer.ts';
import type { FakeRegistry } from '../../testing/fake-registry.ts';
import { useImageRig } from '../../testing/image-rig.ts';
import { deny } from '../../testing/registry-login.ts';
import { archive, file } from '../../testing/tar-builder.ts';

const never = new AbortController().signal;
const tar = archive(file('a', 'x'));

describe('a mirror is passed over', () => {
  const rig = useImageRig();
  const useMirror = (): void =>
    rig.disk.hosts('reg.example', `server = "http://${rig.registry.host}"\n[host."http://${rig.other.host}"]\n`);

  /** Puts an image with a layer large enough to be damaged in its middle. */
  const putBig = (): string =>
    rig.registry.putImage('app:1', { layers: [bigTar], compress: store0 }).blobs[0]?.digest ?? '';
  const bytesOf = (digest: string): Buffer => rig.registry.blobs.get(digest) ?? Buffer.alloc(0);
  const asked = (registry: FakeRegistry, digest: string): number =>
    registry.requests.filter((line) => line.endsWith(digest)).length;

  test('whose token server breaks off', async () => {
    rig.registry.putImage('app:1', { layers: [tar] });
    useMirror();
    rig.other.intercept = (request, response) => {
      if (request.url?.startsWith('/token') !== true)
        return deny(response, `Bearer realm="http://${rig.other.host}/token"`);
      response.writeHead(200, { 'content-length': 100 }).write('{"tok', () => setImmediate(() => response.destroy()));
      return true;
    };
    await rig.store.pull('reg.example/app:1', undefined, never);
    assert.ok(rig.other.requests.includes('GET /token'));
  });

  test('whose copy of a layer is damaged', async () => {
    const digest = putBig();
    rig.other.manifests.set('app:1', rig.registry.manifests.get('app:1') ?? { bytes: Buffer.alloc(0), type: '' });
    rig.other.blobs.set(digest, damaged(bytesOf(digest)));
    useMirror();
    await rig.store.pull('reg.example/app:1', undefined, never);
    assert.deepEqual([asked(rig.other, digest), asked(rig.registry, digest)], [1, 1]);
    const warning = rig.disk.log.find(({ level }) => level === 'warn');
    assert.deepEqual(warning?.fields, { digest, hosts: [rig.other.host] });
  });

  test('that gave a damaged part of a layer', async () => {
    const digest = putBig();
    useMirror();
    rig.other.intercept = (request, response) => {
      if (request.url?.includes(digest) !== true) return false;
      response.writeHead(200, { 'content-length': bytesOf(digest).length });
      response.write(damaged(bytesOf(digest)).subarray(0, 6000), () => setTimeout(() => response.destroy(), 50));
      return true;
    };
    await rig.store.pull('reg.example/app:1', undefined, never);
    assert.deepEqual([asked(rig.other, digest), asked(rig.registry, digest)], [1, 2]);
  });

  test('and a layer that is damaged everywhere fails', async () => {
    const digest = putBig();
    for (const registry of [rig.other, rig.registry]) registry.blobs.set(digest, damaged(bytesOf(digest)));
    useMirror();
    await assert.rejects(rig.store.pull('reg.example/app:1', undefined, never), (error) =>
      isBoxError(error, 'DIGEST_MISMATCH'),
    );
    assert.deepEqual([asked(rig.other, digest), asked(rig.registry, digest), rig.disk.files()], [1, 1, []]);
  });
});
