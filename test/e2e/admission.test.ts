/** More pods at once than may boot, and more than there may be. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { z } from 'zod';
import { Armed } from './harness/armed.ts';
import { type Cri, call, connectCri } from './harness/cri.ts';
import { until } from './harness/crictl.ts';
import { shims } from './harness/leftovers.ts';
import { Life } from './harness/life.ts';
import { BUSYBOX } from './harness/settings.ts';
import { useWorld } from './harness/suite.ts';

const PARALLEL = 2;
const PODS = 5;
/** Long enough for the others to be prepared, and shorter than a boot keeps its place. */
const HOLD = 'delay:20000';
const infoSchema = z.object({ boots: z.object({ running: z.number(), waiting: z.number() }) });

describe('admission', () => {
  const world = useWorld([BUSYBOX], 'plain', true, [
    `parallel_boots = ${PARALLEL}`,
    `max_sandboxes = ${PODS}`,
    'default_memory = "128MiB"',
  ]);
  let cri: Cri;
  let lives: readonly Life[];
  before(() => {
    cri = connectCri(world().folders.socket);
    lives = Array.from({ length: PODS + 1 }, (_, number) => new Life(world().folders, number));
  });
  after(() => {
    for (const life of lives) life.close();
    cri.close();
  });

  /** What the gauges a3s_box_boots_running and a3s_box_boots_waiting read. */
  async function boots(): Promise<z.infer<typeof infoSchema>['boots']> {
    const { info } = await call(cri.runtime.status.bind(cri.runtime), { verbose: true });
    return infoSchema.parse(JSON.parse(info['config'] ?? '')).boots;
  }

  it(`boots ${PARALLEL} VMs at a time, the other pods wait; one that is too many is refused at once`, async () => {
    const { folders } = world();
    const [tooMany, ...wanted] = lives.toReversed();
    assert.ok(tooMany !== undefined);
    // whoever comes to the first is held there, so it is another one that comes to the second
    const held = [
      await Armed.arm(folders, 'run.shim-spawned', HOLD),
      await Armed.arm(folders, 'run.shim-configured', HOLD),
    ];
    const started = performance.now();
    const counts: number[] = [];
    const made = wanted.map(async (life) => {
      await life.calls.RunPodSandbox();
      counts.push((await boots()).running);
    });
    await Promise.all(held.map(({ reached }) => reached));
    await until('the others wait', async () => (await boots()).waiting === PODS - PARALLEL || undefined);
    assert.deepEqual(await boots(), { running: PARALLEL, waiting: PODS - PARALLEL });
    assert.equal((await shims(folders)).length, PARALLEL);
    process.stdout.write(`# all wait after ${Math.round(performance.now() - started)} ms\n`);

    const text = `this host has no room for another VM: ${PODS} sandboxes run and max_sandboxes is ${PODS}`;
    await assert.rejects(tooMany.calls.RunPodSandbox(), (error: unknown) => {
      const { code, details } = refusalSchema.parse(error);
      assert.equal(code, status.RESOURCE_EXHAUSTED);
      assert.match(details, new RegExp(`^${text}`));
      return true;
    });
    assert.deepEqual([...counts], [], 'they were not held for long enough');

    await Promise.all(made);
    assert.equal(counts.length, PODS);
    for (const running of counts) assert.ok(running <= PARALLEL, `${running} at a time`);
    assert.deepEqual(await boots(), { running: 0, waiting: 0 });
    assert.equal((await shims(folders)).length, PODS);
  });

  it('a sandbox that is removed makes room for another', async () => {
    const [tooMany, last] = lives.toReversed();
    await assert.rejects(async () => tooMany?.calls.RunPodSandbox(), { code: status.RESOURCE_EXHAUSTED });
    await last?.calls.RemovePodSandbox();
    await tooMany?.calls.RunPodSandbox();
    assert.equal((await shims(world().folders)).length, PODS);
  });
});

const refusalSchema = z.object({ code: z.number(), details: z.string() });
