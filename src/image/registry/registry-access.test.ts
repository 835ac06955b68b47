/** Tokens, passwords, redirects and mirrors: who is asked, and who is told a secret. */
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { after, before, beforeEach, describe, test } from 'node:test';
import { isBoxError } from '../../errors.ts';
import { FakeRegistry } from '../../testing/fake-registry.ts';
import { type StoreRig, storeRig } from '../../testing/image-stores.ts';
import { archive, file } from '../../testing/tar-builder.ts';
import type { RegistryAuth } from '../image-service.ts';
import type { ImageStore } from '../image-store.ts';

const never = new AbortController().signal;
const tar = archive(file('a', 'x'));
const login = (fields: Partial<RegistryAuth>): RegistryAuth => ({
  username: '',
  password: '',
  serverAddress: '',
  identityToken: '',
  registryToken: '',
  ...fields,
});
const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

describe('registry access', () => {
  let registry: FakeRegistry;
  let other: FakeRegistry;
  let rig: StoreRig;
  let store: ImageStore;

  before(async () => {
    registry = await FakeRegistry.start();
    other = await FakeRegistry.start();
  });
  after(() => Promise.all([registry.stop(), other.stop()]));
  beforeEach(async (context) => {
    for (const fake of [registry, other]) {
      fake.intercept = undefined;
      fake.requests.length = 0;
      fake.blobs.clear();
      fake.manifests.clear();
    }
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
  const deny = (response: ServerResponse, challenge: string): true => {
    response.writeHead(401, { 'www-authenticate': challenge }).end('{}');
    return true;
  };

  /** Makes the registry want `Bearer token-N` from the token server on `other`; collects what that one is asked. */
  function wantTokens(onToken: (request: IncomingMessage, url: URL) => Promise<object> | object): {
    readonly asked: string[];
  } {
    const asked: string[] = [];
    registry.intercept = (request, response) => {
      if (request.headers.authorization === 'Bearer good') return false;
      return deny(response, `Bearer realm="http://${other.host}/token",service="svc",scope="repository:app:pull"`);
    };
    other.intercept = (request, response) => {
      const url = new URL(request.url ?? '', 'http://x');
      asked.push(`${request.method} ${url.search} ${request.headers.authorization ?? '-'}`);
      void Promise.resolve(onToken(request, url)).then((reply) => response.writeHead(200).end(JSON.stringify(reply)));
      return true;
    };
    return { asked };
  }

  test('anonymous token, asked for once and used for all requests', async () => {
    registry.putImage('app:1', { layers: [tar] });
    const { asked } = wantTokens(() => ({ access_token: 'good', expires_in: 300 }));
    await store.pull(ref('app:1'), undefined, never);
    assert.deepEqual(asked, ['GET ?service=svc&scope=repository%3Aapp%3Apull -']);
    assert.equal(registry.requests.filter((line) => line.endsWith('/manifests/1')).length, 2);
  });

  test('a password goes to the token server, and not into messages', async () => {
    registry.putImage('app:1', { layers: [tar] });
    const { asked } = wantTokens((request) => ({
      token: request.headers.authorization === basic('me', 's3cret') ? 'good' : 'bad',
    }));
    await store.pull(ref('app:1'), login({ username: 'me', password: 's3cret' }), never);
    assert.equal(asked.length, 1);
    await store.remove(ref('app:1'));
    await assert.rejects(store.pull(ref('app:1'), login({ username: 'me', password: 'wr0ng' }), never), (error) => {
      assert.ok(isBoxError(error, 'REGISTRY_DENIED'));
      assert.doesNotMatch(JSON.stringify([error.message, rig.log]), /wr0ng|s3cret|d3IwbmQ/);
      return true;
    });
  });

  test("one user's token is not used for another", async () => {
    registry.putImage('app:1', { layers: [tar] });
    wantTokens((request) => ({
      token: request.headers.authorization === basic('me', 'pw') ? 'good' : 'bad',
      expires_in: 600,
    }));
    await store.pull(ref('app:1'), login({ username: 'me', password: 'pw' }), never);
    await assert.rejects(store.pull(ref('app:1'), undefined, never), (error) => isBoxError(error, 'REGISTRY_DENIED'));
  });

  test('identity token: a form is posted', async () => {
    registry.putImage('app:1', { layers: [tar] });
    let form = '';
    wantTokens(async (request) => {
      form = await bodyOf(request);
      return { access_token: 'good' };
    });
    await store.pull(ref('app:1'), login({ identityToken: 'idtok' }), never);
    assert.equal(
      form,
      'grant_type=refresh_token&refresh_token=idtok&service=svc&scope=repository%3Aapp%3Apull&client_id=a3s-box',
    );
  });

  test('registry token: used as it is', async () => {
    registry.putImage('app:1', { layers: [tar] });
    const { asked } = wantTokens(() => ({}));
    await store.pull(ref('app:1'), login({ registryToken: 'good' }), never);
    assert.deepEqual(asked, []);
  });

  test('token servers that misbehave', async () => {
    wantTokens(() => ({ nothing: true }));
    await assert.rejects(
      store.pull(ref('app:1'), undefined, never),
      (error) => isBoxError(error, 'REGISTRY_ANSWER') && /gave no token/.test(error.message),
    );
    wantTokens(() => ({ token: 'a\nb' }));
    await assert.rejects(store.pull(ref('app:1'), undefined, never), (error) => isBoxError(error, 'REGISTRY_ANSWER'));
    registry.intercept = (_request, response) => deny(response, 'Bearer realm="ftp://x"');
    await assert.rejects(store.pull(ref('app:1'), undefined, never), /no usable token server/);
  });

  test('Basic', async () => {
    registry.putImage('app:1', { layers: [tar] });
    registry.intercept = (request, response) =>
      request.headers.authorization !== basic('me', 'pw') && deny(response, 'Basic realm="r"');
    await store.pull(
      ref('app:1'),
      login({ username: 'me', password: 'pw', serverAddress: `https://${registry.host}/v2/` }),
      never,
    );
    await assert.rejects(
      store.pull(ref('app:1'), login({ username: 'me', password: 'pw', serverAddress: 'elsewhere.example' }), never),
      (error) => isBoxError(error, 'REGISTRY_DENIED'),
    );
  });

  test('a login for Docker Hub goes to no other registry', async () => {
    registry.putImage('app:1', { layers: [tar] });
    const seen = new Set<string | undefined>();
    registry.intercept = (request, response) => {
      seen.add(request.headers.authorization);
      return deny(response, 'Basic realm="r"');
    };
    const hub = login({ username: 'me', password: 'pw', serverAddress: 'https://index.docker.io/v1/' });
    await assert.rejects(store.pull(ref('app:1'), hub, never), (error) => isBoxError(error, 'REGISTRY_DENIED'));
    assert.deepEqual([...seen], [undefined]);
    rig.hosts('docker.io', `server = "http://${registry.host}"\n`);
    await assert.rejects(store.pull('docker.io/app:1', hub, never), (error) => isBoxError(error, 'REGISTRY_DENIED'));
    assert.deepEqual([...seen], [undefined, basic('me', 'pw')]);
  });

  test('a redirect to another origin gets no Authorization', async () => {
    const { blobs } = registry.putImage('app:1', { layers: [tar] });
    const digest = blobs[0]?.digest ?? '';
    other.blobs.set(digest, registry.blobs.get(digest) ?? Buffer.alloc(0));
    const seen: (string | undefined)[] = [];
    registry.intercept = (request, response) => {
      if (request.headers.authorization === undefined) return deny(response, 'Basic realm="r"');
      if (!request.url?.endsWith(digest)) return false;
      response.writeHead(307, { location: `http://${other.host}/v2/cdn/blobs/${digest}` }).end();
      return true;
    };
    other.intercept = (request) => {
      seen.push(request.headers.authorization);
      return false;
    };
    await store.pull(ref('app:1'), login({ username: 'me', password: 'pw' }), never);
    assert.deepEqual(seen, [undefined]);
  });

  test('endless redirects end', async () => {
    registry.intercept = (_request, response) => {
      response.writeHead(302, { location: '/v2/again' }).end();
      return true;
    };
    await assert.rejects(store.pull(ref('app:1'), undefined, never), /more than 5 redirects/);
  });

  test("a mirror serves another registry's images, is told whose, and gets no password", async () => {
    registry.putImage('library/app:1', { layers: [tar] });
    rig.hosts(
      'docker.io',
      `[host."http://${registry.host}"]\ncapabilities = ["pull", "resolve"]\n[host."http://${registry.host}".header]\nx-mirror = ["yes"]\n`,
    );
    const seen = new Set<string>();
    registry.intercept = (request) => {
      seen.add(
        `${new URL(request.url ?? '', 'http://x').search} ${String(request.headers['x-mirror'])} ${request.headers.authorization}`,
      );
      return false;
    };
    const image = await store.pull('app:1', login({ username: 'me', password: 'pw' }), never);
    assert.deepEqual(image.repoTags, ['docker.io/library/app:1']);
    assert.deepEqual([...seen], ['?ns=docker.io yes undefined']);
  });

  test('a mirror that fails is passed over: 404, 500, refused', async () => {
    registry.putImage('app:1', { layers: [tar] });
    const gone = await FakeRegistry.start();
    const dead = gone.host;
    await gone.stop();
    const name = 'reg.example';
    rig.hosts(
      '_default',
      `server = "http://${registry.host}"\n[host."http://${dead}"]\n[host."http://${other.host}"]\n`,
    );
    for (const status of [404, 500]) {
      other.intercept = (_request, response) => {
        response.writeHead(status).end();
        return true;
      };
      assert.equal((await store.pull(`${name}/app:1`, undefined, never)).repoTags[0], `${name}/app:1`);
      await store.remove(`${name}/app:1`);
    }
    await assert.rejects(store.pull(`${name}/missing:1`, undefined, never), (error) => {
      assert.ok(isBoxError(error, 'IMAGE_NOT_FOUND'));
      assert.ok(
        [registry.host, other.host, dead].every((host) => error.message.includes(host)),
        error.message,
      );
      return true;
    });
  });

  test('a host without the resolve capability is only asked by digest', async () => {
    const { manifest } = registry.putImage('app:1', { layers: [tar] });
    rig.hosts(
      'reg.example',
      `server = "http://${registry.host}"\n[host."http://${other.host}"]\ncapabilities = ["pull"]\n`,
    );
    await store.pull('reg.example/app:1', undefined, never);
    assert.equal(other.requests[0], `GET /v2/app/manifests/${manifest.digest}`);
  });

  test('a bad hosts.toml is named', async () => {
    rig.hosts('reg.example', 'server = 5');
    await assert.rejects(
      store.pull('reg.example/app:1', undefined, never),
      (error) => isBoxError(error, 'CONFIG_INVALID') && /reg\.example\/hosts\.toml/.test(error.message),
    );
  });
});
