/** Proxies: who is asked through them, and who directly. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, afterEach, before, describe, test } from 'node:test';
import { FakeRegistry } from '../../testing/fake-registry.ts';
import { mayUseProxy } from './proxy.ts';
import { discard, HttpTransport } from './transport.ts';

test('this machine and the blocks of NO_PROXY are reached directly', () => {
  const noProxy = '10.0.0.0/8, .svc fd00::/8,192.168.0.0/33,172.16.0.0/,1.2.3.4/x,300.0.0.0/8,0.0.0.0/-1';
  const cases: readonly (readonly [host: string, isProxied: boolean])[] = [
    ['localhost', false],
    ['127.0.0.1', false],
    ['127.1.2.3', false],
    ['[::1]', false],
    ['10.1.2.3', false],
    ['11.1.2.3', true],
    ['[fd12::1]', false],
    ['[fe80::1]', true],
    ['192.168.0.1', true],
    ['172.16.0.1', true],
    ['1.2.3.4', true],
    ['10.example', true],
    ['localhost.example', true],
    ['reg.example', true],
  ];
  for (const [host, isProxied] of cases) {
    const url = new URL(`https://${host}:5000/v2/`);
    for (const name of ['HTTP_PROXY', 'https_proxy'])
      assert.equal(mayUseProxy(url, { [name]: 'http://proxy:3128', NO_PROXY: noProxy }), isProxied, host);
    assert.equal(mayUseProxy(url, { NO_PROXY: noProxy, HTTP_PROXY: '' }), false, host);
  }
  const url = new URL('http://10.1.2.3');
  assert.equal(mayUseProxy(url, { HTTP_PROXY: 'x', no_proxy: '', NO_PROXY: noProxy }), true);
});

describe('a transport with a proxy', () => {
  const variables = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'] as const;
  const saved = new Map(variables.map((name) => [name, process.env[name]]));
  const transport = new HttpTransport();
  const asked: string[] = [];
  const proxy = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(403).end();
  });
  let registry: FakeRegistry;

  before(async () => {
    registry = await FakeRegistry.start();
    proxy.on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      socket.end('HTTP/1.1 403 no\r\n\r\n');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const address = proxy.address();
    for (const name of variables) delete process.env[name];
    process.env['HTTP_PROXY'] = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  });
  afterEach(() => {
    asked.length = 0;
  });
  after(async () => {
    for (const [name, value] of saved) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await transport.close();
    await registry.stop();
    proxy.closeAllConnections();
    proxy.close();
  });

  const get = async (url: string): Promise<number> => {
    const response = await transport.request({
      method: 'GET',
      url,
      headers: {},
      tls: { skipVerify: false, ca: [] },
      connectTimeoutMs: 500,
      signal: AbortSignal.timeout(2000),
    });
    await discard(response);
    return response.status;
  };

  /** Whether it is answered is no matter, only who is asked. */
  const tryGet = (url: string): Promise<unknown> => get(url).catch((error: unknown) => void error);

  test('asks it for registries, and a registry on this machine directly, one after the other', async () => {
    const local = `http://${registry.host}/v2/none`;
    assert.equal(await get(local), 404);
    await tryGet('http://reg.example/v2/');
    assert.equal(asked.length, 1);
    assert.equal(await get(local), 404);
    assert.equal(asked.length, 1);
  });

  test('does not ask it for an address in a block of NO_PROXY', async () => {
    // An address of documentation (RFC 5737): nobody answers there.
    const remote = 'http://192.0.2.1/v2/';
    await tryGet(remote);
    assert.equal(asked.length, 1);
    process.env['NO_PROXY'] = '192.0.2.0/24';
    await tryGet(remote);
    assert.equal(asked.length, 1);
  });
});
