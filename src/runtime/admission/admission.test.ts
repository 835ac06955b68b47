import assert from 'node:assert/strict';
import { it, mock } from 'node:test';
import { BoxError } from '../../errors.ts';
import { sandboxConfig } from '../../testing/configs.ts';
import { type BoxConfig, boxConfig } from '../box-config.ts';
import { Admission, hostResources } from './admission.ts';
import { shortage } from './capacity.ts';

const GIB = 1024 ** 3;
const box: BoxConfig = boxConfig(sandboxConfig(), 'ab'.repeat(32), { vcpus: 1, memoryMiB: 512, scratchBytes: GIB });
const limits = {
  parallelBoots: 1,
  maxSandboxes: 10,
  memoryReserveMiB: 1000,
  memoryOvercommit: 1,
  diskReserveBytes: GIB,
};
const host = { memoryMiB: 2584, diskFreeBytes: 2 * GIB };

it('VMs fit into the memory that the host does not keep, each with its VMM', () => {
  assert.equal(shortage(box, [box, box], host, limits), '');
  assert.match(
    shortage(box, [box, box], { ...host, memoryMiB: 2583 }, limits),
    /^memory is short by 1 MiB: the VM needs 528 MiB, 2 others have 1056 MiB of the 1583 MiB/,
  );
  assert.equal(shortage(box, [box, box], { ...host, memoryMiB: 2583 }, { ...limits, memoryOvercommit: 1.5 }), '');
});

it('their number has a limit, and so has the disk', () => {
  assert.match(shortage(box, [box], host, { ...limits, maxSandboxes: 1 }), /^1 sandboxes run and max_sandboxes is 1/);
  assert.match(
    shortage(box, [], { ...host, diskFreeBytes: GIB - 1 }, limits),
    /^disk space is short by 1 MiB: 1023 MiB are free/,
  );
});

it('what is being made counts, also for calls at the same time; and it is given back', async () => {
  const running: BoxConfig[] = [box];
  const admission = new Admission(
    limits,
    () => running,
    async () => host,
  );
  const answers = await Promise.allSettled(['a', 'b', 'c'].map((id) => admission.reserve(id, box)));
  const [first, second, third] = answers;
  assert.ok(first?.status === 'fulfilled' && second?.status === 'fulfilled');
  assert.ok(third?.status === 'rejected' && third.reason instanceof BoxError);
  assert.equal(third.reason.code, 'RESOURCE_EXHAUSTED');
  assert.match(third.reason.message, /memory is short by 528 MiB/);
  assert.deepEqual(admission.booting, ['a', 'b']);
  first.value();
  await admission.reserve('c', box);
  running.pop();
  await admission.reserve('d', box);
});

it('a boot that hangs hands its place on', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const { boots } = new Admission(
      limits,
      () => [],
      async () => host,
    );
    const { signal } = new AbortController();
    void boots.run(signal, () => new Promise(() => undefined));
    const next = boots.run(signal, async () => 'booted');
    await new Promise(setImmediate);
    mock.timers.tick(29_999);
    await new Promise(setImmediate);
    assert.deepEqual([boots.running, boots.waiting], [1, 1]);
    mock.timers.tick(1);
    assert.equal(await next, 'booted');
  } finally {
    mock.timers.reset();
  }
});

it('reads what this machine has', async () => {
  const { memoryMiB, diskFreeBytes } = await hostResources('/');
  assert.ok(memoryMiB > 100 && diskFreeBytes > 0);
});
