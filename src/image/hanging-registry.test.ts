/** A registry that hangs costs its own pulls their time, and nobody else theirs. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isBoxError } from '../errors.ts';
import { store0 } from '../testing/big-layer.ts';
import type { FakeRegistry } from '../testing/fake-registry.ts';
import { useImageRig } from '../testing/image-rig.ts';
import { archive, file } from '../testing/tar-builder.ts';

/** Less than any time after which a registry's silence ends by itself. */
const PROMPT_MS = 20_000;
const TRICKLE_MS = 50;

/** How a blob's answer hangs. */
const ways: Readonly<Record<string, (response: ServerResponse, bytes: Buffer) => void>> = {
  'sends no headers': () => undefined,
  'falls silent in the middle of a body': (response, bytes) => {
    response.writeHead(200, { 'content-length': bytes.length });
    response.write(bytes.subarray(0, bytes.length / 2));
  },
  trickles: (response, bytes) => {
    response.writeHead(200, { 'content-length': bytes.length });
    void (async () => {
      for (let at = 0; !response.closed; at += 1) {
        response.write(bytes.subarray(at, at + 1));
        await delay(TRICKLE_MS);
      }
    })();
  },
};

describe('a registry that hangs', () => {
  const rig = useImageRig();
  let stop = new AbortController();
  const hanging: Promise<void>[] = [];
  afterEach(async () => {
    stop.abort();
    await Promise.all(hanging.splice(0));
    stop = new AbortController();
  });

  const layers = (name: string): readonly Buffer[] =>
    ['lower', 'upper'].map((part) => archive(file(`${name}-${part}`, Buffer.alloc(200_000, name))));

  /** From now on no layer of these images comes; resolves when so many have been asked for. */
  const pullHanging = async (
    registry: FakeRegistry,
    names: readonly string[],
    asked: number,
    hang: (response: ServerResponse, bytes: Buffer) => void,
  ): Promise<void> => {
    const digests = names.flatMap((name) => {
      const { blobs } = registry.putImage(`${name}:1`, { layers: layers(name), compress: store0 });
      return blobs.map(({ digest }) => digest);
    });
    const waiting = Promise.withResolvers<void>();
    let seen = 0;
    registry.intercept = (request, response) => {
      const digest = digests.find((each) => request.url?.endsWith(each));
      if (digest === undefined) return false;
      hang(response, registry.blobs.get(digest) ?? Buffer.alloc(0));
      seen += 1;
      if (seen === asked) waiting.resolve();
      return true;
    };
    for (const name of names) {
      const pull = rig.store.pull(`${registry.host}/${name}:1`, undefined, stop.signal);
      hanging.push(assert.rejects(pull, (error) => isBoxError(error, 'CANCELLED')));
    }
    await Promise.race([waiting.promise, once(AbortSignal.timeout(PROMPT_MS), 'abort')]);
    assert.equal(seen, asked);
  };

  const pullsPromptly = async (reference: string): Promise<void> => {
    await rig.store.pull(reference, undefined, AbortSignal.timeout(PROMPT_MS));
  };

  for (const [way, hang] of Object.entries(ways)) {
    test(`${way}: no other registry's image waits, however many of its own do`, async () => {
      rig.registry.putImage('app:1', { layers: layers('app') });
      await pullHanging(rig.other, ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'], 4, hang);
      await pullsPromptly(rig.ref('app:1'));
    });

    test(`${way} for one image: no other one of it waits`, async () => {
      rig.registry.putImage('app:1', { layers: layers('app') });
      await pullHanging(rig.registry, ['a'], 2, hang);
      await pullsPromptly(rig.ref('app:1'));
    });
  }

  test('a layer that two registries have is not waited for at the one that hangs', async () => {
    rig.registry.putImage('app:1', { layers: layers('a'), compress: store0 });
    await pullHanging(rig.other, ['a'], 2, () => undefined);
    await pullsPromptly(rig.ref('app:1'));
  });
});
