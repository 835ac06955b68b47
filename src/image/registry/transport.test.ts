/** TLS: an unknown authority is refused, `ca` and `skip_verify` of hosts.toml do what they say. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { TlsOptions } from './hosts.ts';
import { HttpTransport, readUpTo } from './transport.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

describe('TLS', { skip: hasOpenssl ? false : 'openssl is not installed' }, () => {
  const scratch = mkdtempSync(path.join(tmpdir(), 'transport-'));
  const keyFile = path.join(scratch, 'key.pem');
  const certFile = path.join(scratch, 'cert.pem');
  const transport = new HttpTransport();
  let server: Server;
  let url = '';

  before(async () => {
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-days',
        '2',
        '-keyout',
        keyFile,
        '-out',
        certFile,
        ...subject,
      ],
      { stdio: 'pipe' },
    );
    server = createServer({ key: readFileSync(keyFile), cert: readFileSync(certFile) }, (_request, response) =>
      response.end('hello'),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    url = `https://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/`;
  });
  after(async () => {
    await transport.close();
    server.closeAllConnections();
    server.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  async function get(tls: TlsOptions): Promise<string | undefined> {
    const response = await transport.request({
      method: 'GET',
      url,
      headers: {},
      tls,
      connectTimeoutMs: 5000,
      signal: new AbortController().signal,
    });
    return (await readUpTo(response, 100))?.toString();
  }

  test('an unknown authority is refused', async () => {
    await assert.rejects(get({ skipVerify: false, ca: [] }), /self-signed certificate/);
  });

  test('an authority of hosts.toml is trusted', async () => {
    assert.equal(await get({ skipVerify: false, ca: [readFileSync(certFile, 'utf8')] }), 'hello');
  });

  test('skip_verify trusts anybody', async () => {
    assert.equal(await get({ skipVerify: true, ca: [] }), 'hello');
  });

  test('a body over its limit is not kept', async () => {
    const response = await transport.request({
      method: 'GET',
      url,
      headers: {},
      tls: { skipVerify: true, ca: [] },
      connectTimeoutMs: 5000,
      signal: new AbortController().signal,
    });
    assert.equal(await readUpTo(response, 4), undefined);
  });
});
