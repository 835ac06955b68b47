import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isBoxError } from '../errors.ts';
import { parseManifest } from './manifest.ts';

const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';

const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;
const entry = (letter: string, platform?: Record<string, string>): object => ({
  mediaType: DOCKER_MANIFEST,
  digest: digestOf(letter),
  size: 5,
  ...(platform === undefined ? {} : { platform }),
});
const amd64 = (variant?: string): Record<string, string> => ({
  os: 'linux',
  architecture: 'amd64',
  ...(variant === undefined ? {} : { variant }),
});

function chosen(manifests: readonly object[], type = OCI_INDEX): string {
  const parsed = parseManifest(
    Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: type, manifests })),
    type,
    'x',
  );
  return parsed.kind === 'index' ? (parsed.chosen.digest[7] ?? '') : '';
}

test('linux/amd64 is chosen', () => {
  const unknown = { os: 'unknown', architecture: 'unknown' };
  assert.equal(chosen([entry('a', { os: 'linux', architecture: 'arm64' }), entry('b', amd64())]), 'b');
  assert.equal(chosen([entry('a', amd64('v3')), entry('b', amd64('v2')), entry('c', amd64('v1'))], DOCKER_LIST), 'c');
  assert.equal(chosen([entry('a', amd64('v2')), entry('b', amd64())]), 'b');
  assert.equal(
    chosen([entry('a', unknown), entry('b', { os: 'windows', architecture: 'amd64' }), entry('c', amd64(''))]),
    'c',
  );
  assert.equal(chosen([entry('a', unknown), entry('b')]), 'b');
  assert.throws(() => chosen([entry('a', amd64('v3')), entry('b', unknown)]), /it has: linux\/amd64, unknown\/unknown/);
  assert.throws(() => chosen([]), /it has: nothing/);
});

test('the type comes from the document, the header, or the shape', () => {
  const config = { mediaType: 'application/vnd.docker.container.image.v1+json', digest: digestOf('c'), size: 9 };
  const layers = [{ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', digest: digestOf('d'), size: 0 }];
  const read = (fields: object, type: string): unknown =>
    parseManifest(Buffer.from(JSON.stringify({ schemaVersion: 2, config, layers, ...fields })), type, 'x').kind;
  assert.equal(read({ mediaType: DOCKER_MANIFEST }, 'text/plain'), 'image');
  assert.equal(read({}, DOCKER_MANIFEST), 'image');
  assert.equal(read({}, ''), 'image');
  assert.throws(
    () => read({}, OCI_INDEX),
    (error) => isBoxError(error, 'MANIFEST_INVALID'),
  );
  assert.throws(() => read({ layers: Array.from({ length: 501 }, () => layers[0]) }, ''), /501 layers/);
  assert.throws(() => read({ config: { ...config, size: 1e9 } }, ''), /its config has 1000000000 bytes/);
});

test('any JSON is a manifest or MANIFEST_INVALID', () => {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.record(
      {
        schemaVersion: fc.constantFrom(1, 2),
        mediaType: fc.constantFrom(OCI_INDEX, DOCKER_MANIFEST, 'x', 5),
        manifests: fc.jsonValue(),
        config: fc.jsonValue(),
        layers: fc.jsonValue(),
      },
      { requiredKeys: [] },
    ),
  );
  fc.assert(
    fc.property(value, fc.constantFrom('', OCI_INDEX, DOCKER_MANIFEST), (document, type) => {
      try {
        parseManifest(Buffer.from(JSON.stringify(document)), type, 'x');
      } catch (error) {
        assert.ok(isBoxError(error, 'MANIFEST_INVALID'), String(error));
      }
    }),
    { numRuns: 500 },
  );
  assert.throws(
    () => parseManifest(Buffer.from([0xff, 0xfe]), '', 'x'),
    (error) => isBoxError(error, 'MANIFEST_INVALID'),
  );
});
