/** A fresh image store for each test of a suite, beside registries in memory that serve the whole suite. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach } from 'node:test';
import { type BoxError, type ErrorReason, isBoxError } from '../errors.ts';
import type { ImageStore } from '../image/image-store.ts';
import type { ImageStoreOptions } from '../image/open-image-store.ts';
import { FakeRegistry } from './fake-registry.ts';
import { type StoreRig, storeRig } from './image-stores.ts';

function running<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('the image rig is only there while a test runs');
  return part;
}

/** INVARIANT: all parts are set while a test runs; `store` is the open one. */
export class ImageRig {
  #registries: readonly [FakeRegistry, FakeRegistry] | undefined;
  #disk: StoreRig | undefined;
  #store: ImageStore | undefined;

  get registry(): FakeRegistry {
    return running(this.#registries)[0];
  }

  get other(): FakeRegistry {
    return running(this.#registries)[1];
  }

  get disk(): StoreRig {
    return running(this.#disk);
  }

  get store(): ImageStore {
    return running(this.#store);
  }

  async startRegistries(): Promise<void> {
    this.#registries = [await FakeRegistry.start(), await FakeRegistry.start()];
  }

  async stopRegistries(): Promise<void> {
    for (const registry of running(this.#registries)) await registry.stop();
  }

  async openStore(): Promise<void> {
    for (const registry of running(this.#registries)) registry.reset();
    this.#disk = storeRig();
    this.#store = await this.#disk.open();
  }

  async removeStore(): Promise<void> {
    await this.store.close();
    this.disk.remove();
  }

  /** `HOST/name` on the first registry. */
  ref(name: string): string {
    return `${this.registry.host}/${name}`;
  }

  /** A pull of `app:1` that must fail so, and leave no file and no image. */
  async pullFails(reason: ErrorReason, message: RegExp, signal = new AbortController().signal): Promise<BoxError> {
    const failure: unknown = await this.store.pull(this.ref('app:1'), undefined, signal).then(
      () => new Error('the pull succeeded'),
      (error: unknown) => error,
    );
    assert.ok(isBoxError(failure), String(failure));
    assert.equal(failure.reason, reason, failure.message);
    assert.match(failure.message, message);
    assert.deepEqual(this.disk.files(), []);
    assert.deepEqual(this.store.list(), []);
    return failure;
  }

  /** Closes the store and opens it again, as a restart of the daemon does. */
  async reopen(options: Partial<ImageStoreOptions> = {}): Promise<ImageStore> {
    await this.store.close();
    this.#store = await this.disk.open(options);
    return this.#store;
  }
}

/** To be called in a describe block. */
export function useImageRig(): ImageRig {
  const rig = new ImageRig();
  before(() => rig.startRegistries());
  beforeEach(() => rig.openStore());
  afterEach(() => rig.removeStore());
  after(() => rig.stopRegistries());
  return rig;
}
