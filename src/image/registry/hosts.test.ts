import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { isBoxError } from '../../errors.ts';
import { defaultServer, loadRegistryHosts, parseHostsFile } from './hosts.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'hosts-'));
after(() => rmSync(dir, { recursive: true, force: true }));

function put(folder: string, text: string): void {
  mkdirSync(path.join(dir, folder), { recursive: true });
  writeFileSync(path.join(dir, folder, 'hosts.toml'), text);
}

test('default servers', () => {
  const servers = [
    'docker.io',
    'reg.example.net',
    'localhost',
    'localhost:5000',
    '127.0.0.1:5000',
    '[::1]:80',
    'localhost:443',
    '127.0.0.1.evil.example',
  ].map(defaultServer);
  assert.deepEqual(servers, [
    'https://registry-1.docker.io',
    'https://reg.example.net',
    'http://localhost',
    'http://localhost:5000',
    'http://127.0.0.1:5000',
    'http://[::1]:80',
    'https://localhost:443',
    'https://127.0.0.1.evil.example',
  ]);
});

test('without a file: the registry itself', async () => {
  const [host, ...more] = await loadRegistryHosts(path.join(dir, 'missing'), 'reg.example.net');
  assert.deepEqual(
    [host?.base, host?.isMirror, host?.capabilities, more],
    ['https://reg.example.net/v2', false, ['pull', 'resolve'], []],
  );
});

test('mirrors in order, then the server; every key', async () => {
  writeFileSync(path.join(dir, 'ca.pem'), 'PEM');
  put(
    'reg.example.net',
    `
server = "https://upstream.example"
[host."https://b.example/prefix"]
capabilities = ["pull"]
ca = "../ca.pem"
dial_timeout = "500ms"
[host."http://a.example:8080/custom"]
override_path = true
skip_verify = true
[host."a2.example"]
header = { x-one = "1", X-Two = ["2", "3"] }
`,
  );
  const hosts = await loadRegistryHosts(dir, 'reg.example.net');
  assert.deepEqual(
    hosts.map(({ base }) => base),
    [
      'https://b.example/prefix/v2',
      'http://a.example:8080/custom',
      'https://a2.example/v2',
      'https://upstream.example/v2',
    ],
  );
  assert.deepEqual(
    hosts.map(({ isMirror }) => isMirror),
    [true, true, true, false],
  );
  assert.deepEqual(
    [hosts[0]?.tls, hosts[0]?.connectTimeoutMs, hosts[0]?.capabilities],
    [{ skipVerify: false, ca: ['PEM'] }, 500, ['pull']],
  );
  assert.deepEqual(hosts[1]?.tls, { skipVerify: true, ca: [] });
  assert.deepEqual(hosts[2]?.headers, { 'x-one': '1', 'x-two': '2, 3' });
});

test('a registry is no mirror of itself', async () => {
  const cases: readonly (readonly [registry: string, address: string, isMirror: boolean])[] = [
    ['reg.example', 'https://reg.example', false],
    ['reg.example', 'http://reg.example/v2', false],
    ['reg.example:5000', 'https://reg.example:5000', false],
    ['reg.example:443', 'https://reg.example:443', false],
    ['reg.example:80', 'http://reg.example:80', false],
    ['docker.io', 'https://registry-1.docker.io', false],
    ['docker.io', 'https://docker.io', false],
    ['reg.example', 'https://registry-1.docker.io', true],
    ['reg.example', 'https://reg.example:5000', true],
    ['reg.example', 'https://mirror.reg.example', true],
  ];
  for (const [registry, address, isMirror] of cases) {
    const [host] = await parseHostsFile(`[host."${address}"]`, 'hosts.toml', registry);
    assert.equal(host?.isMirror, isMirror, `${address} for ${registry}`);
  }
});

test('folders: host_port_, host:port, _default', async () => {
  put('_default', 'server = "https://default.example"');
  assert.equal((await loadRegistryHosts(dir, 'r.example:5000'))[0]?.base, 'https://default.example/v2');
  put('r.example:5000', 'server = "https://colon.example"');
  assert.equal((await loadRegistryHosts(dir, 'r.example:5000'))[0]?.base, 'https://colon.example/v2');
  put('r.example_5000_', 'server = "https://underscore.example"');
  assert.equal((await loadRegistryHosts(dir, 'r.example:5000'))[0]?.base, 'https://underscore.example/v2');
});

test('what is wrong is named', async () => {
  const bad: readonly (readonly [toml: string, message: RegExp])[] = [
    ['server =', /is not TOML/],
    ['sever = "x"', /sever/],
    ['[host."ftp://x"]', /not an http or https address/],
    ['[host."https://u:p@x"]', /credentials do not belong/],
    ['[host."https://x"]\nca = "none.pem"', /none\.pem does not exist/],
    ['[host."https://x"]\nclient = "x.pem"', /client/],
    ['[host."https://x"]\nheader = { "a b" = "x" }', /not a valid HTTP header/],
    ['[host."https://x"]\ncapabilities = ["fly"]', /capabilities/],
  ];
  for (const [toml, message] of bad) {
    await assert.rejects(
      parseHostsFile(toml, '/etc/certs.d/x/hosts.toml', 'x'),
      (error) =>
        isBoxError(error, 'CONFIG_INVALID') &&
        message.test(error.message) &&
        error.message.startsWith('/etc/certs.d/x/hosts.toml'),
      toml,
    );
  }
});
