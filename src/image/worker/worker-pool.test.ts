/** The worker processes: reuse, limits, crashes, abandoned jobs. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { isBoxError } from '../../errors.ts';
import { digestOf } from '../../testing/fake-registry.ts';
import { archive, file } from '../../testing/tar-builder.ts';
import { defaultLayerLimits } from '../layer/limits.ts';
import { LayerWorkerPool } from './pool.ts';
import type { LayerJob } from './protocol.ts';
import { WorkerProcess, type WriteChunk } from './worker-process.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'worker-pool-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const tar = archive(file('a', 'x'.repeat(100_000)));
const blob = gzipSync(tar);
const never = new AbortController().signal;

let counter = 0;
function job(bytes = blob, fields: Partial<LayerJob> = {}): LayerJob {
  counter += 1;
  return {
    kind: 'layer',
    path: path.join(scratch, `layer-${counter}`),
    digest: digestOf(bytes),
    diffId: digestOf(tar),
    blobSize: bytes.length,
    limits: defaultLayerLimits,
    ...fields,
  };
}

const feed =
  (bytes: Buffer) =>
  async (write: WriteChunk): Promise<void> => {
    for (let at = 0; at < bytes.length; at += 1000) await write(bytes.subarray(at, at + 1000));
  };

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    assert.match(String(error), /ESRCH/);
    return false;
  }
}

describe('layer workers', () => {
  let pool: LayerWorkerPool;
  beforeEach((context) => {
    pool = new LayerWorkerPool({ size: 2, perRegistry: 2, ingestDir: scratch });
    if ('after' in context) context.after(() => pool.close());
  });

  test('more jobs than workers, all done, files equal', async () => {
    const jobs = Array.from({ length: 7 }, () => job());
    const results = await Promise.all(jobs.map((one) => pool.run('reg.example', one, feed(blob), never)));
    assert.ok(results.every(({ tarSize }) => tarSize === tar.length));
    const files = jobs.map((one) => readFileSync(one.path));
    assert.ok(files.every((bytes) => bytes.equals(files[0] ?? Buffer.alloc(0))));
  });

  test('a worker is used again and ends with the pool', async () => {
    const worker = new WorkerProcess({ ingestDir: scratch });
    const { pid = 0 } = worker;
    await worker.run(job(), feed(blob));
    await worker.run(job(), feed(blob));
    assert.equal(worker.usable && isAlive(pid), true);
    await worker.kill();
    assert.equal(isAlive(pid), false);
  });

  test('a worker that cannot be started fails its job, and takes no place', async () => {
    const node = process.execPath;
    process.execPath = path.join(scratch, 'no-such-node');
    try {
      for (let i = 0; i < 3; i++) {
        await assert.rejects(pool.run('reg.example', job(), feed(blob), never), (error: unknown) => {
          assert.ok(isBoxError(error, 'INTERNAL'));
          assert.match(error.message, /^layer worker for sha256:[0-9a-f]+: spawn .*no-such-node ENOENT$/);
          return true;
        });
      }
    } finally {
      process.execPath = node;
    }
    await pool.run('reg.example', job(), feed(blob), never);
  });

  test('a feed that fails ends the worker; the next job gets another', async () => {
    const broken = pool.run(
      'reg.example',
      job(),
      async (write) => {
        await write(blob.subarray(0, 10));
        throw new Error('the network went away');
      },
      never,
    );
    await assert.rejects(broken, /the network went away/);
    assert.equal((await pool.run('reg.example', job(), feed(blob), never)).tarSize, tar.length);
  });

  test('a worker that is killed is an error that names the layer', async () => {
    const worker = new WorkerProcess({ ingestDir: scratch });
    const one = job();
    const run = worker.run(one, async (write) => {
      await write(blob.subarray(0, 10));
      process.kill(worker.pid ?? 0, 'SIGKILL');
      for (;;) await write(Buffer.alloc(1 << 20));
    });
    await assert.rejects(
      run,
      (error) => isBoxError(error, 'INTERNAL') && error.message.includes(`signal SIGKILL while it read ${one.digest}`),
    );
    assert.equal(worker.usable, false);
  });

  test('a worker that gets no more bytes is stopped', async () => {
    const worker = new WorkerProcess({ ingestDir: scratch, stallMs: 200 });
    await assert.rejects(
      worker.run(job(), () => new Promise(() => undefined)),
      (error) => isBoxError(error, 'LAYER_LIMIT') && /no progress for 0.2 s/.test(error.message),
    );
  });

  test('a layer that needs too much memory ends in an error, not in the daemon', async () => {
    const big = archive(...Array.from({ length: 60_000 }, (_, index) => file(`directory-${index}/a/b/c`)));
    const bytes = gzipSync(big);
    const worker = new WorkerProcess({ ingestDir: scratch, maxHeapMiB: 32 });
    await assert.rejects(
      worker.run(job(bytes, { diffId: digestOf(big) }), feed(bytes)),
      (error) => isBoxError(error, 'LAYER_LIMIT') && /needs more memory/.test(error.message),
    );
  });

  test('a worker cannot write outside its folder', async () => {
    const outside = path.join(tmpdir(), 'worker-pool-outside');
    await assert.rejects(
      pool.run('reg.example', job(blob, { path: outside }), feed(blob), never),
      (error) => isBoxError(error, 'INTERNAL') && /restricted/i.test(error.message),
    );
    assert.ok(!readdirSync(tmpdir()).includes('worker-pool-outside'));
  });

  test('a registry has its share of the workers, and another one goes on', async () => {
    const pool = new LayerWorkerPool({ size: 3, perRegistry: 2, ingestDir: scratch });
    const gates = Array.from({ length: 6 }, () => Promise.withResolvers<void>());
    const order: string[] = [];
    const run = (registry: string, at: number) =>
      pool.run(
        registry,
        job(),
        async (write) => {
          order.push(`${registry} ${at}`);
          await gates[at]?.promise;
          await feed(blob)(write);
        },
        never,
      );
    const hanging = [0, 1, 2, 3].map((at) => run('hangs', at));
    gates[4]?.resolve();
    await run('good', 4);
    assert.deepEqual(order, ['hangs 0', 'hangs 1', 'good 4']);
    // no more than three in all, from how many registries whatever
    const last = run('good', 4);
    const fourth = run('third', 5);
    await last;
    for (const { resolve } of gates) resolve();
    await Promise.all([...hanging, fourth]);
    assert.deepEqual(order.slice(3), ['good 4', 'third 5', 'hangs 2', 'hangs 3']);
    await pool.close();
  });

  test('a wait for a slot can be given up', async () => {
    const gate = Promise.withResolvers<void>();
    const hold = (write: WriteChunk): Promise<void> => gate.promise.then(() => feed(blob)(write));
    const busy = [pool.run('reg.example', job(), hold, never), pool.run('reg.example', job(), hold, never)];
    const client = new AbortController();
    const waiting = pool.run('reg.example', job(), feed(blob), client.signal);
    const patient = pool.run('reg.example', job(), feed(blob), never);
    client.abort(new Error('gave up'));
    await assert.rejects(
      waiting,
      (error) => isBoxError(error, 'CANCELLED') && /gave up before its turn/.test(error.message),
    );
    gate.resolve();
    await Promise.all([...busy, patient]);
  });
});
