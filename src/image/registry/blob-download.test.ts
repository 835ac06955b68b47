/** A download by itself, whose receiver decides when a connection breaks. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, afterEach, before, describe, test } from 'node:test';
import { FakeRegistry, OCI_LAYER } from '../../testing/fake-registry.ts';
import type { Descriptor } from '../manifest.ts';
import { parseReference } from '../reference.ts';
import { defaultCacheSizes, RegistryClient } from './client.ts';

const never = new AbortController().signal;

describe('a download', () => {
  const client = new RegistryClient('/nonexistent', defaultCacheSizes);
  let registry: FakeRegistry;
  before(async () => {
    registry = await FakeRegistry.start();
  });
  afterEach(() => registry.reset());
  after(async () => {
    await client.close();
    await registry.stop();
  });

  /** What is received when the first answer is `begin`'s; `onChunk` sees it arrive. */
  async function receive(
    blob: Descriptor,
    begin: (response: ServerResponse) => void,
    onChunk: (response: ServerResponse | undefined) => void = () => undefined,
  ): Promise<string> {
    let first: ServerResponse | undefined;
    registry.intercept = (_request, response) => {
      if (first !== undefined) return false;
      first = response;
      begin(response);
      return true;
    };
    const parts: Buffer[] = [];
    const session = await client.open(parseReference(`${registry.host}/app:1`), undefined);
    await session.download(blob).stream(async (chunk) => {
      parts.push(chunk);
      onChunk(first);
    }, never);
    return Buffer.concat(parts).toString();
  }

  test('whose connection breaks behind the last byte is complete', async () => {
    const blob = registry.putBlob(Buffer.from('all of it'), OCI_LAYER);
    const received = await receive(
      blob,
      (response) => response.write('all of it'),
      (response) => response?.destroy(),
    );
    assert.equal(received, 'all of it');
    assert.equal(registry.requests.length, 1);
  });

  test('of nothing is asked for, and again when the connection breaks', async () => {
    const blob = registry.putBlob(Buffer.alloc(0), OCI_LAYER);
    assert.equal(await receive(blob, (response) => response.destroy()), '');
    assert.equal(registry.requests.length, 2);
  });
});
