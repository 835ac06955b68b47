/**
 * Every failpoint of the table, as an error and as a crash of the daemon: the same call succeeds afterwards, nothing is left
 * meanwhile that belongs to nobody, and nothing at all in the end (useWorld looks).
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  type Failpoint,
  type FailpointAction,
  type FailpointOperation,
  failpoints,
} from '../../src/failpoints/table.ts';
import { Armed } from './harness/armed.ts';
import { until } from './harness/crictl.ts';
import { strays } from './harness/leftovers.ts';
import { Life } from './harness/life.ts';
import { BUSYBOX } from './harness/settings.ts';
import { useWorld } from './harness/suite.ts';

/** Longer than any daemon of this file lives. */
const HELD: FailpointAction = 'delay:3600000';

/** How a call ended: undefined if well. */
type Outcome = Promise<Error | undefined>;

/** A life taken to one failpoint. */
interface Step {
  readonly name: Failpoint;
  reach(action: FailpointAction): Promise<{ readonly outcome: Outcome }>;
}

describe('failpoints', () => {
  const world = useWorld([BUSYBOX], 'plain', true);
  const lives: Life[] = [];
  const newLife = (name: string): Life => {
    const life = new Life(world().folders, name);
    lives.push(life);
    return life;
  };
  let shared: Life;
  before(() => {
    shared = newLife('shared');
  });
  after(() => {
    for (const life of lives) life.close();
  });

  for (const operation of ['PullImage', 'RunPodSandbox', 'CreateContainer', 'StartContainer'] as const) {
    it(`errors in ${operation}`, () => fails(shared, operation));
  }

  it('crashes', async () => {
    // one kill for three lives: a container of the pod above and a pull wait at a step of theirs, where a second pod crashes
    await shared.again.CreateContainer();
    const riders = [walk(shared, ['CreateContainer', 'StartContainer']), walk(newLife('pull'), ['PullImage'])];
    const driver = walk(newLife('crashed'), ['RunPodSandbox', 'StopPodSandbox', 'RemovePodSandbox']);
    for (;;) {
      const waiting = await Promise.all(riders.map(nextStep));
      const crashing = await nextStep(driver);
      const names = [...waiting, crashing].flatMap((step) => step?.name ?? []);
      if (names.length === 0) break;
      for (const step of waiting) await step?.reach(HELD);
      if (crashing === undefined) await world().daemon.kill();
      else await crashing.reach('crash');
      assert.equal(await world().daemon.ended(), 'SIGKILL');
      await world().restart();
      for (const life of lives) life.reconnect();
      await nothingStrays(names.join(', '));
    }
  });

  for (const operation of ['StopPodSandbox', 'RemovePodSandbox'] as const) {
    it(`errors in ${operation}`, () => fails(shared, operation));
  }

  /** Each failpoint of an operation as an error, on one life: each call but the first is the repetition of one that failed. */
  async function fails(life: Life, operation: FailpointOperation): Promise<void> {
    for (const name of failpoints[operation]) {
      const there = await life.listed();
      const { outcome } = await reach(life, operation, name, 'error');
      assert.match(String(await outcome), new RegExp(`failpoint ${name}`));
      assert.deepEqual(await life.listed(), there, `after ${name}`);
      await nothingStrays(name);
    }
    await life.calls[operation]();
    // and once more, as if its answer had been lost
    await life.calls[operation]();
    await nothingStrays(operation);
  }

  /** The failpoints of some operations; each operation is finished, by the very call that was cut short, before the next begins. */
  async function* walk(life: Life, operations: readonly FailpointOperation[]): AsyncGenerator<Step, undefined> {
    for (const operation of operations) {
      for (const name of failpoints[operation]) {
        yield { name, reach: (action) => reach(life, operation, name, action) };
      }
      await life.calls[operation]();
    }
  }

  async function nextStep(steps: AsyncGenerator<Step, undefined>): Promise<Step | undefined> {
    return (await steps.next()).value;
  }

  /** Makes the call with the failpoint armed. A call that does not come there has been finished by a recovery: then from the beginning. */
  async function reach(
    life: Life,
    operation: FailpointOperation,
    name: Failpoint,
    action: FailpointAction,
    again = true,
  ): Promise<{ readonly outcome: Outcome }> {
    const armed = await Armed.arm(world().folders, name, action);
    const outcome: Outcome = life.calls[operation]().then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error : new TypeError(String(error))),
    );
    await Promise.race([armed.reached, outcome]);
    if (armed.isReached) return { outcome };
    await armed.disarm();
    assert.equal(await outcome, undefined, `${operation} on its way to ${name}`);
    assert.ok(again, `${operation} does not come to ${name}`);
    await life.again[operation]();
    return reach(life, operation, name, action, false);
  }

  /** What an orphan of a killed daemon has in hand may end a moment later. */
  async function nothingStrays(where: string): Promise<void> {
    console.log(`# TIME ${where} ${Math.round(performance.now())}`);
    let found: readonly string[] = [];
    const look = async (): Promise<true | undefined> => {
      found = await strays(world().folders, await shared.listed());
      return found.length === 0 || undefined;
    };
    await until('nothing strays', look).catch(() =>
      assert.fail(`left by ${where}:\n${found.join('\n')}\n${world().daemon.log()}`),
    );
  }
});
