/** A reference with a digest says which image, not that its caller may have it: the registry is asked all the same. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ErrorReason, isBoxError } from '../../errors.ts';
import { digestOf } from '../../testing/fake-registry.ts';
import { useImageRig } from '../../testing/image-rig.ts';
import { basic, deny, login } from '../../testing/registry-login.ts';
import { archive, file } from '../../testing/tar-builder.ts';

const never = new AbortController().signal;
const tar = archive(file('a', 'x'));
const mine = login({ username: 'me', password: 'pw' });

describe('a pull by digest', () => {
  const rig = useImageRig();
  const asked = (): readonly string[] => rig.registry.requests.map((line) => line.replace('/v2/', ''));
  const rejected = (reference: string, reason: ErrorReason, auth = login({})): Promise<void> =>
    assert.rejects(rig.store.pull(reference, auth, never), (error) => isBoxError(error, reason));

  test('of an image that is here takes credentials that may have it', async () => {
    const { manifest } = rig.registry.putImage('secret:1', { layers: [tar] });
    rig.registry.intercept = (request, response) =>
      request.headers.authorization !== basic('me', 'pw') && deny(response, 'Basic realm="r"');
    const name = rig.ref(`secret@${manifest.digest}`);
    const { id } = await rig.store.pull(name, mine, never);
    await rejected(name, 'REGISTRY_DENIED');
    await rejected(name, 'REGISTRY_DENIED', login({ username: 'me', password: 'wrong' }));
    assert.equal((await rig.store.pull(name, mine, never)).id, id);
  });

  test('names no repository that does not have it', async () => {
    const { manifest } = rig.registry.putImage('app:1', { layers: [tar] });
    await rig.store.pull(rig.ref('app:1'), undefined, never);
    rig.registry.intercept = (request, response) => {
      if (request.url?.startsWith('/v2/app/') === true) return false;
      response.writeHead(404).end();
      return true;
    };
    await rejected(rig.ref(`other@${manifest.digest}`), 'IMAGE_NOT_FOUND');
    await rejected(`127.0.0.1:1/any/thing@${manifest.digest}`, 'REGISTRY_UNAVAILABLE');
    assert.deepEqual(rig.store.list()[0]?.repoDigests, [rig.ref(`app@${manifest.digest}`)]);
  });

  test('costs no request more the first time, and one HEAD after that', async () => {
    const { manifest, blobs, configDigest } = rig.registry.putImage('app:1', { layers: [tar] });
    const name = rig.ref(`app@${manifest.digest}`);
    await rig.store.pull(name, undefined, never);
    const path = `manifests/${manifest.digest}`;
    const first = [path, `blobs/${configDigest}`, `blobs/${blobs[0]?.digest}`].map((below) => `GET app/${below}`);
    assert.deepEqual(asked(), first);
    await rig.reopen();
    rig.registry.requests.length = 0;
    await rig.store.pull(name, undefined, never);
    assert.deepEqual(asked(), [`HEAD app/${path}`]);
  });

  test('is checked by GET where there is no HEAD, and against the digest that is told', async () => {
    const { manifest } = rig.registry.putImage('app:1', { layers: [tar] });
    const name = rig.ref(`app@${manifest.digest}`);
    const { id } = await rig.store.pull(name, undefined, never);
    let answer: readonly [status: number, digest: string] = [405, ''];
    rig.registry.intercept = (request, response) => {
      if (request.method !== 'HEAD') return false;
      response.writeHead(answer[0], { 'docker-content-digest': answer[1] }).end();
      return true;
    };
    assert.equal((await rig.store.pull(name, undefined, never)).id, id);
    answer = [200, digestOf('another')];
    await rejected(name, 'REGISTRY_ANSWER');
  });

  test('is asked of mirrors that may only pull', async () => {
    const { manifest } = rig.registry.putImage('app:1', { layers: [tar] });
    rig.disk.hosts('reg.example', `[host."http://${rig.registry.host}"]\ncapabilities = ["pull"]\n`);
    const name = `reg.example/app@${manifest.digest}`;
    await rig.store.pull(name, undefined, never);
    assert.deepEqual((await rig.store.pull(name, undefined, never)).repoDigests, [name]);
  });
});
