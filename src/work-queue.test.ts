import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { it } from 'node:test';
import { isBoxError } from './errors.ts';
import { settlesWithin } from './runtime/time.ts';
import { WorkQueue, type WorkQueueOptions } from './work-queue.ts';

const patient = new AbortController().signal;

/** Boots by name; each runs until it is ended. */
function rig(limit: number, options: Partial<WorkQueueOptions> = {}) {
  const queue = new WorkQueue({ limit, doing: 'booting', ...options });
  const running = new Map<string, PromiseWithResolvers<void>>();
  const begins = new EventEmitter();
  const boot = (name: string, signal: AbortSignal = patient): Promise<void> =>
    queue.run(signal, async () => {
      const end = Promise.withResolvers<void>();
      running.set(name, end);
      begins.emit(name);
      await end.promise;
      running.delete(name);
    });
  const end = async (name: string, by?: Error): Promise<void> => {
    const boot = running.get(name);
    if (by === undefined) boot?.resolve();
    else boot?.reject(by);
    await turn();
  };
  const begun = (name: string): Promise<unknown> => once(begins, name);
  return { queue, boot, begun, end, names: () => [...running.keys()] };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('runs so many at a time and the others in order', async () => {
  const { queue, boot, end, names } = rig(2);
  const all = ['a', 'b', 'c', 'd'].map((name) => boot(name));
  await turn();
  assert.deepEqual(names(), ['a', 'b']);
  assert.deepEqual([queue.running, queue.waiting], [2, 2]);
  await end('b');
  assert.deepEqual(names(), ['a', 'c']);
  await end('a');
  await end('c');
  await end('d');
  await Promise.all(all);
  assert.deepEqual([queue.running, queue.waiting], [0, 0]);
});

it('a boot that fails gives its place on', async () => {
  const { boot, end, names } = rig(1);
  const failing = boot('a');
  const next = boot('b');
  await turn();
  const failed = assert.rejects(failing, /no kernel/);
  await end('a', new Error('no kernel'));
  await failed;
  assert.ok(names().includes('b'));
  await end('b');
  await next;
});

it('who gives up leaves the queue and is never run', async () => {
  const { queue, boot, end, names } = rig(1);
  const first = boot('a');
  const impatient = new AbortController();
  const second = boot('b', impatient.signal);
  const third = boot('c');
  await turn();
  impatient.abort();
  await assert.rejects(second, (error) => isBoxError(error, 'CANCELLED'));
  assert.equal(queue.waiting, 1);
  await assert.rejects(boot('d', AbortSignal.abort()), (error) => isBoxError(error, 'CANCELLED'));
  await end('a');
  assert.deepEqual(names(), ['c']);
  await end('c');
  await Promise.all([first, third]);
  assert.equal(queue.running, 0);
});

it('who takes too long runs on without its place', async () => {
  const { queue, boot, begun, end, names } = rig(1, { placeEnds: (ended) => settlesWithin(ended, 20) });
  const slow = boot('a');
  const next = boot('b');
  await turn();
  assert.deepEqual(names(), ['a']);
  await begun('b');
  assert.deepEqual(names(), ['a', 'b']);
  await end('b');
  await next;
  await end('a');
  await slow;
  assert.equal(queue.running, 0);
});
