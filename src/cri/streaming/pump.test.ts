import assert from 'node:assert/strict';
import { PassThrough, Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, it, mock } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { ended, probing, pump, written } from './pump.ts';

const pieces = (count: number): Buffer[] => Array.from({ length: count }, (_, i) => Buffer.of(i));

describe('pump', () => {
  it('copies everything and ends the sink', async () => {
    const sink = new PassThrough();
    const [copied] = await Promise.all([buffer(sink), pump(Readable.from(pieces(100)), sink)]);
    assert.deepEqual(copied, Buffer.concat(pieces(100)));
  });

  it('has one piece on its way, however much the sink would buffer', async () => {
    const waiting: (() => void)[] = [];
    const sink = new Writable({ highWaterMark: 1024 * 1024, write: (_piece, _encoding, done) => waiting.push(done) });
    const pumped = pump(Readable.from(pieces(3)), sink);
    for (let i = 0; i < 3; i += 1) {
      await setImmediate();
      assert.equal(waiting.length, 1);
      waiting.shift()?.();
    }
    await pumped;
  });

  it('reads on past a sink that fails, so that nobody waits', async () => {
    let writes = 0;
    const sink = new Writable({
      write: (_piece, _encoding, done) => {
        writes += 1;
        done(new Error('EPIPE'));
      },
    });
    const source = Readable.from(pieces(100));
    await pump(source, sink);
    assert.equal(source.readableEnded, true);
    assert.equal(writes, 1);
  });

  it('rejects if the source is closed before its end', async () => {
    const source = new PassThrough();
    const pumped = pump(source, new PassThrough().resume());
    source.destroy();
    await assert.rejects(pumped, /Premature close/);
  });
});

describe('a sink that is closed', () => {
  it('takes no piece and has no end to wait for', async () => {
    const stuck = new Writable({ write: () => undefined });
    const waits = [written(stuck, Buffer.of(1)), ended(stuck)];
    await setImmediate();
    stuck.destroy();
    await Promise.all(waits);
    await Promise.all([written(stuck, Buffer.of(1)), ended(stuck)]);
    assert.equal(stuck.destroyed, true);
  });
});

describe('probing', () => {
  it('speaks every ten seconds, until the wait is over', async () => {
    mock.timers.enable({ apis: ['setInterval'] });
    let probes = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const probed = probing(promise, () => (probes += 1));
    mock.timers.tick(25_000);
    assert.equal(probes, 2);
    resolve();
    await probed;
    mock.timers.tick(25_000);
    assert.equal(probes, 2);
    mock.timers.reset();
  });
});
