/** Callers that give up: the same call again gives one sandbox or container, and there is no other. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ClientUnaryCall, type ServiceError, status } from '@grpc/grpc-js';
import { type Failpoint, failpoints } from '../../src/failpoints/table.ts';
import { Armed } from './harness/armed.ts';
import { until } from './harness/crictl.ts';
import { strays } from './harness/leftovers.ts';
import { Life } from './harness/life.ts';
import { BUSYBOX } from './harness/settings.ts';
import { useWorld } from './harness/suite.ts';

/** Long enough for the second call to come while the first one, given up, is still under way. */
const HOLD = 'delay:1500';
const SHORT_MS = 1500;
/** Time to come to any step of CreateContainer; and whoever comes there is held until that has passed. */
const CREATE_MS = 4000;
const HOLD_CREATE = 'delay:6000';

type Callback = (error: ServiceError | null) => void;
type Start = (callback: Callback) => ClientUnaryCall;

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
    await tooLate(SHORT_MS, (deadline, callback) =>
      life.cri.runtime.runPodSandbox({ config: life.podConfig }, { deadline }, callback),
    );
    await life.calls.RunPodSandbox();
    await thereAre(1);
  });

  /** Calls CreateContainer with a deadline that passes while it is held at the failpoint. */
  async function tooLateAt(name: Failpoint): Promise<void> {
    const armed = await Armed.arm(world().folders, name, HOLD_CREATE);
    await tooLate(CREATE_MS, (deadline, callback) =>
      life.cri.runtime.createContainer(life.containerRequest, { deadline }, callback),
    );
    assert.ok(armed.isReached, `CreateContainer does not come to ${name} in ${CREATE_MS} ms`);
  }

  // it comes to its end all the same, for there is nobody whom it could harm
  for (const name of failpoints.CreateContainer) {
    it(`CreateContainer by its deadline at ${name}`, async () => {
      await tooLateAt(name);
      assert.equal((await life.listed()).length, 1, 'it was not held for long enough');
      await life.calls.CreateContainer();
      await thereAre(2);
      await life.removeContainer();
      await thereAre(1);
    });
  }

  it('CreateContainer by its deadline, and nobody calls again: the container is listed, and a later call gives its id', async () => {
    await tooLateAt('create.layers-linked');
    const listed = await until('the container is listed', async () => {
      const ids = await life.listed();
      return ids.length === 2 ? ids : undefined;
    });
    assert.deepEqual(await strays(world().folders, listed), []);
    await life.calls.CreateContainer();
    assert.deepEqual(listed, life.ids);
    await life.removeContainer();
  });

  it('CreateContainer by its deadline, while another call of its sandbox has its turn: nothing is made', async () => {
    const armed = await Armed.arm(world().folders, 'create.layers-linked', HOLD_CREATE);
    const first = life.calls.CreateContainer();
    await armed.reached;
    const { config, ...request } = life.containerRequest;
    const second = { ...request, config: { ...config, metadata: { name: 'second', attempt: 0 } } };
    await tooLate(SHORT_MS, (deadline, callback) => life.cri.runtime.createContainer(second, { deadline }, callback));
    assert.equal((await life.listed()).length, 1, 'the first call was not held for long enough');
    await first;
    // a call that comes now has its turn behind the one that was given up
    await life.calls.CreateContainer();
    assert.deepEqual(await life.listed(), life.ids);
    await thereAre(2);
    await life.removeContainer();
    await thereAre(1);
  });
});

/** A call whose deadline passes. */
async function tooLate(ms: number, start: (deadline: number, callback: Callback) => ClientUnaryCall): Promise<void> {
  const code = await new Promise((resolve) => {
    start(Date.now() + ms, (error) => resolve(error?.code));
  });
  assert.equal(code, status.DEADLINE_EXCEEDED);
}
