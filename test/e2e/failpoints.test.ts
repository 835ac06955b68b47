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

/** As many as the crashes after that of RunPodSandbox need. */
const PODS_GOING_ON = Math.max(
  failpoints.CreateContainer.length + failpoints.StartContainer.length,
  failpoints.StopPodSandbox.length + failpoints.RemovePodSandbox.length,
);

/** A call that is cut short at one step. */
interface Cut {
  readonly life: Life;
  readonly operation: FailpointOperation;
  readonly name: Failpoint;
}

describe('failpoints', () => {
  // a pod that is held while its VM boots must not keep the others from booting; none of them uses the memory it is given
  const settings = [`parallel_boots = ${failpoints.RunPodSandbox.length}`, 'memory_overcommit = 4'];
  const world = useWorld([BUSYBOX], 'plain', true, settings);
  const lives: Life[] = [];
  const newLife = (): Life => {
    const life = new Life(world().folders, lives.length);
    lives.push(life);
    return life;
  };
  let first: Life;
  before(() => {
    first = newLife();
  });
  after(() => {
    for (const life of lives) life.close();
  });

  const fails = (operation: FailpointOperation): void => {
    it(`errors in ${operation}`, async () => {
      for (const { name } of cuts(operation, () => first)) await fail({ life: first, operation, name });
      await first.calls[operation]();
      // and once more, as if its answer had been lost
      await first.calls[operation]();
      await nothingStrays(operation);
    });
  };

  for (const operation of ['PullImage', 'RunPodSandbox', 'CreateContainer', 'StartContainer'] as const)
    fails(operation);

  // a restart takes long, so each crash cuts short as many calls as there are steps, each in a pod of its own
  const pods: Life[] = [];
  const pod = (index: number): Life => (pods[index] ??= newLife());

  it('crashes in PullImage and RunPodSandbox', async () => {
    await crash([...cuts('PullImage', pod), ...cuts('RunPodSandbox', pod)]);
    for (const life of pods.splice(PODS_GOING_ON)) await life.calls.RemovePodSandbox();
  });

  it('crashes in CreateContainer and StartContainer', async () => {
    const starts = cuts('StartContainer', (index) => pod(failpoints.CreateContainer.length + index));
    for (const { life } of starts) await life.calls.CreateContainer();
    await crash([...cuts('CreateContainer', pod), ...starts]);
  });

  it('crashes in StopPodSandbox and RemovePodSandbox', async () => {
    const removals = cuts('RemovePodSandbox', (index) => pod(failpoints.StopPodSandbox.length + index));
    await crash([...cuts('StopPodSandbox', pod), ...removals]);
    for (const life of pods) await life.calls.RemovePodSandbox();
    assert.deepEqual(await first.listed(), first.ids);
  });

  for (const operation of ['StopPodSandbox', 'RemovePodSandbox'] as const) fails(operation);

  /** All steps of an operation, each in the life that is chosen for it. */
  function cuts(operation: FailpointOperation, life: (index: number) => Life): readonly Cut[] {
    return failpoints[operation].map((name, index) => ({ life: life(index), operation, name }));
  }

  /** The step as an error. Whoever was listed before is listed still, and nobody else. */
  async function fail(cut: Cut): Promise<void> {
    const there = await first.listed();
    const { outcome } = await reach(cut, 'error');
    assert.match(String(await outcome), new RegExp(`failpoint ${cut.name}`));
    assert.deepEqual(await first.listed(), there, `after ${cut.name}`);
    await nothingStrays(cut.name);
  }

  /** Takes all calls to their steps, then the daemon dies, by the last one. The next daemon clears up, and the same calls succeed. */
  async function crash(cuts: readonly Cut[]): Promise<void> {
    for (const cut of cuts) await reach(cut, cut === cuts.at(-1) ? 'crash' : HELD);
    assert.equal(await world().daemon.ended(), 'SIGKILL');
    await world().restart();
    for (const life of lives) life.reconnect();
    await nothingStrays('a crash');
    for (const { life, operation } of cuts) await life.calls[operation]();
    await nothingStrays('the calls after a crash');
  }

  /** Resolves when the call has come to its step; `outcome` is how it ends. */
  async function reach(
    { life, operation, name }: Cut,
    action: FailpointAction,
  ): Promise<{ outcome: Promise<unknown> }> {
    const armed = await Armed.arm(world().folders, name, action);
    const outcome = life.calls[operation]().then(
      () => `${operation} succeeds`,
      (error: unknown) => error,
    );
    await Promise.race([armed.reached, outcome]);
    if (!armed.isReached) assert.fail(`${operation} does not come to ${name}: ${String(await outcome)}`);
    return { outcome };
  }

  /** What an orphan of a killed daemon has in hand may end a moment later. */
  async function nothingStrays(where: string): Promise<void> {
    let found: readonly string[] = [];
    const look = async (): Promise<true | undefined> => {
      found = await strays(world().folders, await first.listed());
      return found.length === 0 || undefined;
    };
    await until('nothing strays', look).catch(() =>
      assert.fail(`left by ${where}:\n${found.join('\n')}\n${world().daemon.log()}`),
    );
  }
});
