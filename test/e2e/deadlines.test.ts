/** Callers that give up: the same call again gives one sandbox or container, and there is no other. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ClientUnaryCall, type ServiceError, status } from '@grpc/grpc-js';
import type { Failpoint } from '../../src/failpoints/table.ts';
import { Armed } from './harness/armed.ts';
import { strays } from './harness/leftovers.ts';
import { Life } from './harness/life.ts';
import { BUSYBOX } from './harness/settings.ts';
import { useWorld } from './harness/suite.ts';

/** Long enough for the second call to come while the first one, given up, is still under way. */
const HOLD = 'delay:1500';
const SHORT_MS = 1500;

type Start = (callback: (error: ServiceError | null) => void) => ClientUnaryCall;

describe('callers that give up', () => {
  const world = useWorld([BUSYBOX], 'plain', true);
  let life: Life;
  before(() => {
    life = new Life(world().folders, 0);
  });
  after(() => life.close());

  /** Makes a call, and gives it up as soon as it has come to the failpoint. */
  async function giveUpAt(name: Failpoint, start: Start): Promise<void> {
    const armed = await Armed.arm(world().folders, name, HOLD);
    const code = await new Promise((resolve) => {
      const call = start((error) => resolve(error?.code));
      void armed.reached.then(() => call.cancel());
    });
    assert.equal(code, status.CANCELLED);
  }

  async function thereAre(count: number): Promise<void> {
    const listed = await life.listed();
    assert.equal(listed.length, count, listed.join(', '));
    assert.deepEqual(await strays(world().folders, listed), []);
  }

  // the first two are undone before the second call begins, the others come to their end for it
  for (const name of ['run.namespace-made', 'run.shim-recorded', 'run.guest-ready', 'run.recorded'] as const) {
    it(`RunPodSandbox at ${name}`, async () => {
      await giveUpAt(name, (callback) => life.cri.runtime.runPodSandbox({ config: life.podConfig }, callback));
      await life.calls.RunPodSandbox();
      await thereAre(1);
      await life.calls.RemovePodSandbox();
      await thereAre(0);
    });
  }

  it('RunPodSandbox by its deadline', async () => {
    const code = await new Promise((resolve) => {
      const deadline = Date.now() + SHORT_MS;
      life.cri.runtime.runPodSandbox({ config: life.podConfig }, { deadline }, (error) => resolve(error?.code));
    });
    assert.equal(code, status.DEADLINE_EXCEEDED);
    await life.calls.RunPodSandbox();
    await thereAre(1);
  });

  for (const name of ['create.layers-linked', 'create.made-in-guest', 'create.recorded'] as const) {
    it(`CreateContainer at ${name}`, async () => {
      await giveUpAt(name, (callback) => life.cri.runtime.createContainer(life.containerRequest, callback));
      await life.calls.CreateContainer();
      await thereAre(2);
      await life.removeContainer();
      await thereAre(1);
    });
  }
});
