/** Tokens, passwords, redirects and mirrors: who is asked, and who is told a secret. */
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { describe, test } from 'node:test';
import { isBoxError } from '../../errors.ts';
import { FakeRegistry } from '../../testing/fake-registry.ts';
import { useImageRig } from '../../testing/image-rig.ts';
import { basic, deny, login } from '../../testing/registry-login.ts';
import { archive, file } from '../../testing/tar-builder.ts';

const never = new AbortController().signal;
const tar = archive(file('a', 'x'));

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

describe('registry access', () => {
  const rig = useImageRig();

  /** Makes the registry want `Bearer token-N` from the token server on `other`; collects what that one is asked. */
  function wantTokens(onToken: (request: IncomingMessage, url: URL) => Promise<object> | object): {
    readonly asked: string[];
  } {
    const asked: string[] = [];
    rig.registry.intercept = (request, response) => {
      if (request.headers.authorization === 'Bearer good') return false;
      return deny(response, `Bearer realm="http://${rig.other.host}/token",service="svc",scope="repository:app:pull"`);
    };
    rig.other.intercept = (request, response) => {
      const url = new URL(request.url ?? '', 'http://x');
      asked.push(`${request.method} ${url.search} ${request.headers.authorization ?? '-'}`);
      void Promise.resolve(onToken(request, url)).then((reply) => response.writeHead(200).end(JSON.stringify(reply)));
      return true;
    };
    return { asked };
  }

  test('anonymous token, asked for once and used for all requests', async () => {
    rig.registry.putImage('app:1', { layers: [tar] });
    const { asked } = wantTokens(() => ({ access_token: 'good', expires_in: 300 }));
    await rig.store.pull(rig.ref('app:1'), undefined, never);
    assert.deepEqual(asked, ['GET ?service=svc&scope=repository%3Aapp%3Apull -']);
    assert.equal(rig.registry.requests.filter((line) => line.endsWith('/manifests/1')).length, 2);
  });

  test('a password goes to the token server, and not into messages', async () => {
    rig.registry.putImage('app:1', { layers: [tar] });
    const { asked } = wantTokens((request) => ({
      token: request.headers.authorization === basic('me', 's3cret') ? 'good' : 'bad',
    }));
    await rig.store.pull(rig.ref('app:1'), login({ username: 'me', password: 's3cret' }), never);
    assert.equal(asked.length, 1);
    await rig.store.remove(rig.ref('app:1'));
    await assert.rejects(
      rig.store.pull(rig.ref('app:1'), login({ username: 'me', password: 'wr0ng' }), never),
      (error) => {
        assert.ok(isBoxError(error, 'REGISTRY_DENIED'));
        assert.doesNotMatch(JSON.stringify([error.message, rig.disk.log]), /wr0ng|s3cret|d3IwbmQ/);
        return true;
      },
    );
  });

  test("one user's token is not used for another", async () => {
    rig.registry.putImage('app:1', { layers: [tar] });
    wantTokens((request) => ({
      token: request.headers.authorization === basic('me', 'pw') ? 'good' : 'bad',
      expires_in: 600,
    }));
    await rig.store.pull(rig.ref('app:1'), login({ username: 'me', password: 'pw' }), never);
    await assert.rejects(rig.store.pull(rig.ref('app:1'), undefined, never), (error) =>
      isBoxError(error, 'REGISTRY_DENIED'),
    );
  });

  test('identity token: a form is posted', async () => {
    rig.registry.putImage('app:1', { layers: [tar] });
    let form = '';
    wantTokens(async (request) => {
      form = await bodyOf(request);
      return { access_token: 'good' };
    });
    await rig.store.pull(rig.ref('app:1'), login({ identityToken: 'idtok' }), never);
    assert.equal(
      form,
      'grant_type=refresh_token&refresh_token=idtok&service=svc&scope=repository%3Aapp%3Apull&client_id=a3s-box',
    );
  });

  test('registry token: used as it is', async () => {
    rig.registry.putImage('app:1', { layers: [tar] });
    const { asked } = wantTokens(() => ({}));
    await rig.store.pull(rig.ref('app:1'), login({ registryToken: 'good' }), never);
    assert.deepEqual(asked, []);
  });

  test('token servers that misbehave', async () => {
    wantTokens(() => ({ nothing: true }));
    await assert.rejects(
      rig.store.pull(rig.ref('app:1'), undefined, never),
      (error) => isBoxError(error, 'REGISTRY_ANSWER') && /gave no token/.test(error.message),
    );
    wantTokens(() => ({ token: 'a\nb' }));
    await assert.rejects(rig.store.pull(rig.ref('app:1'), undefined, never), (error) =>
      isBoxError(error, 'REGISTRY_ANSWER'),
    );
    rig.registry.intercept = (_request, response) => deny(response, 'Bearer realm="ftp://x"');
    await assert.rejects(rig.store.pull(rig.ref('app:1'), undefined, never), /no usable token server/);
  });

  test('Basic', async () => {
    rig.registry.putImage('app:1', { layers: [tar] });
    rig.registry.intercept = (request, response) =>
      request.headers.authorization !== basic('me', 'pw') && deny(response, 'Basic realm="r"');
    await rig.store.pull(
      rig.ref('app:1'),
      login({ username: 'me', password: 'pw', serverAddress: `https://${rig.registry.host}/v2/` }),
      never,
    );
    await assert.rejects(
      rig.store.pull(
        rig.ref('app:1'),
        login({ username: 'me', password: 'pw', serverAddress: 'elsewhere.example' }),
        never,
      ),
      (error) => isBoxError(error, 'REGISTRY_DENIED'),
    );
  });

  test('a login for Docker Hub goes to no other registry', async () => {
    rig.registry.putImage('app:1', { layers: [tar] });
    const seen = new Set<string | undefined>();
    rig.registry.intercept = (request, response) => {
      seen.add(request.headers.authorization);
      return deny(response, 'Basic realm="r"');
    };
    const hub = login({ username: 'me', password: 'pw', serverAddress: 'https://index.docker.io/v1/' });
    await assert.rejects(rig.store.pull(rig.ref('app:1'), hub, never), (error) => isBoxError(error, 'REGISTRY_DENIED'));
    assert.deepEqual([...seen], [undefined]);
    rig.disk.hosts('docker.io', `server = "http://${rig.registry.host}"\n`);
    await assert.rejects(rig.store.pull('docker.io/app:1', hub, never), (error) =>
      isBoxError(error, 'REGISTRY_DENIED'),
    );
    assert.deepEqual([...seen], [undefined, basic('me', 'pw')]);
  });

  test('a redirect to another origin gets no Authorization', async () => {
    const { blobs } = rig.registry.putImage('app:1', { layers: [tar] });
    const digest = blobs[0]?.digest ?? '';
    rig.other.blobs.set(digest, rig.registry.blobs.get(digest) ?? Buffer.alloc(0));
    const seen: (string | undefined)[] = [];
    rig.registry.intercept = (request, response) => {
      if (request.headers.authorization === undefined) return deny(response, 'Basic realm="r"');
      if (!request.url?.endsWith(digest)) return false;
      response.writeHead(307, { location: `http://${rig.other.host}/v2/cdn/blobs/${digest}` }).end();
      return true;
    };
    rig.other.intercept = (request) => {
      seen.push(request.headers.authorization);
      return false;
    };
    await rig.store.pull(rig.ref('app:1'), login({ username: 'me', password: 'pw' }), never);
    assert.deepEqual(seen, [undefined]);
  });

  test('the target of a redirect that asks for credentials gets none', async () => {
    const { blobs } = rig.registry.putImage('app:1', { layers: [tar] });
    const digest = blobs[0]?.digest ?? '';
    rig.registry.intercept = (request, response) => {
      if (request.headers.authorization === undefined) return deny(response, 'Basic realm="r"');
      if (!request.url?.endsWith(digest)) return false;
      response.writeHead(307, { location: `http://${rig.other.host}/cdn` }).end();
      return true;
    };
    for (const scheme of ['Basic realm="r"', `Bearer realm="http://${rig.other.host}/token"`]) {
      rig.other.intercept = (_request, response) => deny(response, scheme);
      await assert.rejects(
        rig.store.pull(rig.ref('app:1'), login({ username: 'me', password: 'pw' }), never),
        (error) => isBoxError(error, 'REGISTRY_DENIED') && error.message.includes(`http://${rig.other.host}, to which`),
      );
      assert.deepEqual(rig.other.requests.splice(0), ['GET /cdn']);
    }
  });

  test('endless redirects end', async () => {
    rig.registry.intercept = (_request, response) => {
      response.writeHead(302, { location: '/v2/again' }).end();
      return true;
    };
    await assert.rejects(rig.store.pull(rig.ref('app:1'), undefined, never), /more than 5 redirects/);
  });

  test("a mirror serves another registry's images, is told whose, and gets no password", async () => {
    rig.registry.putImage('library/app:1', { layers: [tar] });
    rig.disk.hosts(
      'docker.io',
      `[host."http://${rig.registry.host}"]\ncapabilities = ["pull", "resolve"]\n[host."http://${rig.registry.host}".header]\nx-mirror = ["yes"]\n`,
    );
    const seen = new Set<string>();
    rig.registry.intercept = (request) => {
      seen.add(
        `${new URL(request.url ?? '', 'http://x').search} ${String(request.headers['x-mirror'])} ${request.headers.authorization}`,
      );
      return false;
    };
    const image = await rig.store.pull('app:1', login({ username: 'me', password: 'pw' }), never);
    assert.deepEqual(image.repoTags, ['docker.io/library/app:1']);
    assert.deepEqual([...seen], ['?ns=docker.io yes undefined']);
  });

  test('a registry among its own hosts gets the password, and is not told whose images it has', async () => {
    rig.registry.putImage('app:1', { layers: [tar] });
    rig.disk.hosts(rig.registry.host, `server = "http://${rig.other.host}"\n[host."http://${rig.registry.host}"]\n`);
    const queries = new Set<string>();
    rig.registry.intercept = (request, response) => {
      queries.add(new URL(request.url ?? '', 'http://x').search);
      return request.headers.authorization !== basic('me', 'pw') && deny(response, 'Basic realm="r"');
    };
    await rig.store.pull(rig.ref('app:1'), login({ username: 'me', password: 'pw' }), never);
    assert.deepEqual([[...queries], rig.other.requests], [[''], []]);
  });

  test('a mirror that fails is passed over: 404, 500, refused', async () => {
    rig.registry.putImage('app:1', { layers: [tar] });
    const gone = await FakeRegistry.start();
    const dead = gone.host;
    await gone.stop();
    const name = 'reg.example';
    rig.disk.hosts(
      '_default',
      `server = "http://${rig.registry.host}"\n[host."http://${dead}"]\n[host."http://${rig.other.host}"]\n`,
    );
    for (const status of [404, 500]) {
      rig.other.intercept = (_request, response) => {
        response.writeHead(status).end();
        return true;
      };
      assert.equal((await rig.store.pull(`${name}/app:1`, undefined, never)).repoTags[0], `${name}/app:1`);
      await rig.store.remove(`${name}/app:1`);
    }
    await assert.rejects(rig.store.pull(`${name}/missing:1`, undefined, never), (error) => {
      assert.ok(isBoxError(error, 'IMAGE_NOT_FOUND'));
      assert.ok(
        [rig.registry.host, rig.other.host, dead].every((host) => error.message.includes(host)),
        error.message,
      );
      return true;
    });
  });

  test('a host without the resolve capability is only asked by digest', async () => {
    const { manifest } = rig.registry.putImage('app:1', { layers: [tar] });
    rig.disk.hosts(
      'reg.example',
      `server = "http://${rig.registry.host}"\n[host."http://${rig.other.host}"]\ncapabilities = ["pull"]\n`,
    );
    await rig.store.pull('reg.example/app:1', undefined, never);
    assert.equal(rig.other.requests[0], `GET /v2/app/manifests/${manifest.digest}`);
  });

  test('a bad hosts.toml is named', async () => {
    rig.disk.hosts('reg.example', 'server = 5');
    await assert.rejects(
      rig.store.pull('reg.example/app:1', undefined, never),
      (error) => isBoxError(error, 'CONFIG_INVALID') && /reg\.example\/hosts\.toml/.test(error.message),
    );
  });
});
