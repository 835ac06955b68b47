/** Transfers that break, lie about their length, or are given up. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { isBoxError } from '../errors.ts';
import { bigTar, damaged, store0 } from '../testing/big-layer.ts';
import type { FakeRegistry } from '../testing/fake-registry.ts';
import { useImageRig } from '../testing/image-rig.ts';

const never = new AbortController().signal;

interface Layer {
  readonly digest: string;
  readonly blob: Buffer;
}

describe('transfers', () => {
  const rig = useImageRig();

  const cut = (response: ServerResponse, bytes: Buffer, at: number): void => {
    response.writeHead(200, { 'content-length': bytes.length });
    response.write(bytes.subarray(0, at), () => setImmediate(() => response.destroy()));
  };

  test('a transfer that breaks is taken up where it stopped', async () => {
    const { blobs } = rig.registry.putImage('app:1', { layers: [bigTar], compress: store0 });
    const blob = rig.registry.blobs.get(blobs[0]?.digest ?? '') ?? Buffer.alloc(0);
    const ranges: (string | undefined)[] = [];
    rig.registry.intercept = (request, response) => {
      if (!request.url?.endsWith(blobs[0]?.digest ?? '')) return false;
      ranges.push(request.headers.range);
      if (ranges.length > 1) return false;
      cut(response, blob, 100_000);
      return true;
    };
    await rig.store.pull(rig.ref('app:1'), undefined, never);
    assert.equal(ranges.length, 2);
    assert.equal(ranges[0], undefined);
    assert.match(ranges[1] ?? '', /^bytes=\d+-$/);
  });

  test('so is one from a server without ranges', async () => {
    const { blobs } = rig.registry.putImage('app:1', { layers: [bigTar], compress: store0 });
    const blob = rig.registry.blobs.get(blobs[0]?.digest ?? '') ?? Buffer.alloc(0);
    let asked = 0;
    rig.registry.intercept = (request, response) => {
      if (!request.url?.endsWith(blobs[0]?.digest ?? '')) return false;
      asked += 1;
      if (asked === 1) cut(response, blob, 100_000);
      else response.writeHead(200, { 'content-length': blob.length }).end(blob);
      return true;
    };
    assert.equal((await rig.store.pull(rig.ref('app:1'), undefined, never)).diffIds.length, 1);
  });

  /** Serves a layer's blob so much at a time, breaking off behind each piece; collects where the pieces begin. */
  const servePieces = (registry: FakeRegistry, { digest, blob }: Layer, length: number): readonly number[] => {
    const starts: number[] = [];
    registry.intercept = (request, response) => {
      if (request.url?.includes(digest) !== true) return false;
      const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      starts.push(start);
      if (start > 0) response.writeHead(206, { 'content-range': `bytes ${start}-${blob.length - 1}/${blob.length}` });
      response.write(blob.subarray(start, start + length), () => setTimeout(() => response.destroy(), 50));
      return true;
    };
    return starts;
  };
  const putBig = (): Layer => {
    const { blobs } = rig.registry.putImage('app:1', { layers: [bigTar], compress: store0 });
    const digest = blobs[0]?.digest ?? '';
    return { digest, blob: rig.registry.blobs.get(digest) ?? Buffer.alloc(0) };
  };

  test('one that breaks again and again goes on as long as each connection brings something', async () => {
    const layer = putBig();
    const starts = servePieces(rig.registry, layer, 90_000);
    await rig.store.pull(rig.ref('app:1'), undefined, never);
    assert.ok(starts.length >= 5, String(starts));
  });

  test('so it does from a mirror whose registry gives nothing', async () => {
    const layer = putBig();
    rig.disk.hosts('reg.example', `server = "http://${rig.other.host}"\n[host."http://${rig.registry.host}"]\n`);
    const starts = servePieces(rig.registry, layer, 150_000);
    await rig.store.pull('reg.example/app:1', undefined, never);
    assert.ok(starts.length >= 3, String(starts));
  });

  test('a blob that always ends early, or is too long', async () => {
    const { blobs } = rig.registry.putImage('app:1', { layers: [bigTar] });
    const digest = blobs[0]?.digest ?? '';
    const whole = rig.registry.blobs.get(digest) ?? Buffer.alloc(0);
    rig.registry.intercept = (request, response) => {
      if (!request.url?.endsWith(digest)) return false;
      response.writeHead(200).end(whole.subarray(0, 500));
      return true;
    };
    await rig.pullFails('REGISTRY_ANSWER', new RegExp(`ended it after 500 of ${whole.length} bytes`));
    rig.registry.intercept = undefined;
    rig.registry.blobs.set(digest, Buffer.concat([whole, Buffer.from('more')]));
    await rig.pullFails('REGISTRY_ANSWER', /sent more than its/);
  });

  test('cancelled and out of time: nothing is left', async () => {
    const { blobs } = rig.registry.putImage('app:1', { layers: [bigTar], compress: store0 });
    const blob = rig.registry.blobs.get(blobs[0]?.digest ?? '') ?? Buffer.alloc(0);
    const client = new AbortController();
    rig.registry.intercept = (request, response) => {
      if (!request.url?.endsWith(blobs[0]?.digest ?? '')) return false;
      response.writeHead(200, { 'content-length': blob.length });
      response.write(blob.subarray(0, 70_000), () => client.abort());
      return true;
    };
    await rig.pullFails('CANCELLED', /pull of 127.0.0.1:\d+\/app:1 was cancelled/, client.signal);
    await rig.pullFails('DEADLINE', /was not done in time/, AbortSignal.timeout(1));
    await rig.pullFails('CANCELLED', /cancelled/, AbortSignal.abort());
  });

  test('one that another repository spoils is made again by the own one', async () => {
    const { blobs, configDigest } = rig.registry.putImage('app:1', { layers: [bigTar], compress: store0 });
    const digest = blobs[0]?.digest ?? '';
    const blob = rig.registry.blobs.get(digest) ?? Buffer.alloc(0);
    const bomb = gzipSync(Buffer.alloc(2_000_000));
    await rig.reopen({ layerLimits: { maxUncompressedBytes: 1_000_000 } });
    for (const bytes of [damaged(blob), Buffer.concat([bomb, blob]).subarray(0, blob.length)]) {
      rig.registry.putImage('evil:1', { layers: [bigTar], compress: store0 });
      const joined = Promise.withResolvers<void>();
      const begun = Promise.withResolvers<void>();
      rig.registry.intercept = (request, response) => {
        if (request.url === `/v2/evil/blobs/${digest}`) {
          response.writeHead(200, { 'content-length': blob.length }).flushHeaders();
          begun.resolve();
          void joined.promise.then(() => response.end(bytes));
          return true;
        }
        // The config is the last that is asked for before the layer.
        if (request.url === `/v2/app/blobs/${configDigest}`) setTimeout(joined.resolve, 200);
        return false;
      };
      const evil = rig.store.pull(rig.ref('evil:1'), undefined, never);
      const evilEnds = assert.rejects(evil, (error) => isBoxError(error, 'DIGEST_MISMATCH', 'LAYER_LIMIT'));
      await begun.promise;
      assert.equal((await rig.store.pull(rig.ref('app:1'), undefined, never)).id, configDigest);
      await evilEnds;
      assert.equal(rig.registry.requests.filter((line) => line === `GET /v2/app/blobs/${digest}`).length, 1);
      await rig.store.remove(rig.ref('app:1'));
      rig.registry.requests.length = 0;
    }
  });
});
