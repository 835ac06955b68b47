/** What a host does wrong is that host's fault, whatever it is: the next one is asked. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { useImageRig } from '../../testing/image-rig.ts';
import { deny } from '../../testing/registry-login.ts';
import { archive, file } from '../../testing/tar-builder.ts';

const never = new AbortController().signal;
const tar = archive(file('a', 'x'));

describe('a mirror is passed over', () => {
  const rig = useImageRig();
  const useMirror = (): void =>
    rig.disk.hosts('reg.example', `server = "http://${rig.registry.host}"\n[host."http://${rig.other.host}"]\n`);

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
});
