/** Pulls from Debian's docker-registry; counted as skipped where it is not installed. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { request } from 'undici';
import { isBoxError } from '../errors.ts';
import { storeRig } from '../testing/image-stores.ts';
import { archive, directory, file } from '../testing/tar-builder.ts';

const REGISTRY = '/usr/bin/docker-registry';
const DOCKER = 'application/vnd.docker';
const OCI = 'application/vnd.oci.image';
const never = new AbortController().signal;
const sha256 = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Starts the registry; resolves when its log says that it listens. */
async function startRegistry(scratch: string): Promise<{ readonly process: ChildProcess; readonly host: string }> {
  const host = `127.0.0.1:${await freePort()}`;
  const config = path.join(scratch, 'registry.yml');
  writeFileSync(
    config,
    `version: 0.1\nlog: {level: info}\nstorage: {filesystem: {rootdirectory: ${scratch}}}\nhttp: {addr: "${host}"}\n`,
  );
  const child = spawn(REGISTRY, ['serve', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  const listening = Promise.withResolvers<void>();
  let log = '';
  // Read to its end: a registry whose stderr is closed dies of SIGPIPE.
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
    if (log.includes('listening on')) listening.resolve();
  });
  child.on('exit', () => listening.reject(new Error(`docker-registry ended: ${log}`)));
  await listening.promise;
  return { process: child, host };
}

describe('a real registry', { skip: existsSync(REGISTRY) ? false : `${REGISTRY} is not installed` }, () => {
  const scratch = mkdtempSync(path.join(tmpdir(), 'real-registry-'));
  const rig = storeRig();
  let registry: { readonly process: ChildProcess; readonly host: string };

  before(async () => {
    registry = await startRegistry(scratch);
  });
  after(async () => {
    registry.process.kill();
    await once(registry.process, 'exit');
    rmSync(scratch, { recursive: true, force: true });
    rig.remove();
  });

  async function pushBlob(repository: string, bytes: Buffer): Promise<void> {
    const start = await request(`http://${registry.host}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
    await start.body.dump();
    const put = await request(`${String(start.headers['location'])}&digest=${sha256(bytes)}`, {
      method: 'PUT',
      body: bytes,
    });
    await put.body.dump();
    assert.equal(put.statusCode, 201);
  }

  async function pushManifest(name: string, document: { readonly mediaType: string }): Promise<object> {
    const bytes = Buffer.from(JSON.stringify(document));
    const [repository, tag] = name.split(':');
    const put = await request(`http://${registry.host}/v2/${repository}/manifests/${tag ?? sha256(bytes)}`, {
      method: 'PUT',
      body: bytes,
      headers: { 'content-type': document.mediaType },
    });
    assert.equal(put.statusCode, 201, await put.body.text());
    return { mediaType: document.mediaType, size: bytes.length, digest: sha256(bytes) };
  }

  async function pushImage(
    name: string,
    tar: Buffer,
    types: { manifest: string; config: string; layer: string },
    compress: (tar: Buffer) => Buffer,
  ): Promise<object> {
    const repository = name.split(':')[0] ?? '';
    const layer = compress(tar);
    const config = Buffer.from(
      JSON.stringify({
        os: 'linux',
        architecture: 'amd64',
        config: { Cmd: ['sh'] },
        rootfs: { type: 'layers', diff_ids: [sha256(tar)] },
      }),
    );
    await pushBlob(repository, layer);
    await pushBlob(repository, config);
    return pushManifest(name, {
      schemaVersion: 2,
      mediaType: types.manifest,
      config: { mediaType: types.config, size: config.length, digest: sha256(config) },
      layers: [{ mediaType: types.layer, size: layer.length, digest: sha256(layer) }],
    } as { mediaType: string });
  }

  const docker = {
    manifest: `${DOCKER}.distribution.manifest.v2+json`,
    config: `${DOCKER}.container.image.v1+json`,
    layer: `${DOCKER}.image.rootfs.diff.tar.gzip`,
  };
  const oci = {
    manifest: `${OCI}.manifest.v1+json`,
    config: `${OCI}.config.v1+json`,
    layer: `${OCI}.layer.v1.tar+zstd`,
  };

  test('docker and OCI manifests, an index, gzip and zstd: one layer, one file', async () => {
    const tar = archive(directory('etc'), file('etc/issue', 'hello\n'.repeat(10_000)));
    await pushImage('library/one:1', tar, docker, gzipSync);
    const manifest = await pushImage('library/two:1', tar, oci, zstdCompressSync);
    await pushManifest('library/two:index', {
      schemaVersion: 2,
      mediaType: `${OCI}.index.v1+json`,
      manifests: [{ ...manifest, platform: { os: 'linux', architecture: 'amd64' } }],
    } as { mediaType: string });
    rig.hosts('docker.io', `server = "http://${registry.host}"\n`);
    const store = await rig.open();
    try {
      const one = await store.pull('one:1', undefined, never);
      const two = await store.pull('two:1', undefined, never);
      const index = await store.pull('docker.io/library/two:index', undefined, never);
      // The config is the same, so it is one image under three names.
      assert.deepEqual([one.id, two.id], [two.id, index.id]);
      assert.deepEqual(index.repoTags, [
        'docker.io/library/one:1',
        'docker.io/library/two:1',
        'docker.io/library/two:index',
      ]);
      assert.equal(index.repoDigests.length, 3);
      assert.equal(rig.files().filter((name) => name.endsWith('.erofs')).length, 1);
      const image = readFileSync(path.join(rig.root, rig.files().find((name) => name.endsWith('.erofs')) ?? ''));
      assert.equal(image.readUInt32LE(1024), 0xe0f5e1e2);
      await assert.rejects(
        store.pull('none:1', undefined, never),
        (error) => isBoxError(error, 'IMAGE_NOT_FOUND') && /docker\.io\/library\/none:1/.test(error.message),
      );
    } finally {
      await store.close();
    }
  });
});
