import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { hostMark } from '../../src/runtime/paths.ts';
import { leftovers } from './harness/leftovers.ts';
import { type Finished, run } from './harness/run.ts';
import { DAEMON } from './harness/settings.ts';
import { useWorld } from './harness/suite.ts';

const LOST = 'ef'.repeat(32);

describe('a3s-boxd doctor', () => {
  const world = useWorld();

  const doctor = (...flags: readonly string[]): Promise<Finished> => {
    const { configFile, socket, root, state } = world().folders;
    // written otherwise than for the daemon: they are the same folders all the same
    const own = ['--config', configFile, '--listen', `unix://${socket}`, '--root', `${root}/`, '--state', `${state}/.`];
    return run(DAEMON, ['doctor', ...flags, ...own]);
  };

  /** Traces of a sandbox that never was. */
  const plant = async (): Promise<void> => {
    const { root, state } = world().folders;
    const name = `${hostMark(root, state)}${LOST.slice(0, 12)}`;
    await mkdir(join(root, 'sandboxes', LOST, 'share'), { recursive: true });
    await mkdir(join(state, 's', LOST.slice(0, 12)), { recursive: true });
    await mkdir(join('/sys/fs/cgroup/a3s-box', name), { recursive: true });
    assert.equal((await run('ip', ['netns', 'add', name])).code, 0);
  };

  it('finds nothing wrong beside running pods, and what belongs to none; --fix removes it and no more', async () => {
    const { crictl, folders } = world();
    const pod = await crictl.runPod('patient');
    const id = await crictl.start(pod, { command: ['sleep', '1000'] });
    const well = await doctor();
    assert.equal(well.code, 0, well.stdout + well.stderr);
    assert.match(well.stdout, /^ok +daemon +runs, 1 sandboxes$/m);
    assert.match(well.stdout, /^ok +leftovers +none$/m);
    assert.match(well.stdout, / 0 failures$/m);

    await plant();
    const ill = await doctor();
    const named = [...ill.stdout.matchAll(/^warn +leftover +(run folder|network namespace|cgroup|sandbox folder) /gm)];
    assert.equal(named.length, 4, ill.stdout);
    assert.equal(ill.code, 0, 'leftovers keep no pod from running');

    // a pod that is being made meanwhile has traces and no record yet
    const [fixed, newcomer] = await Promise.all([doctor('--fix'), crictl.runPod('newcomer')]);
    assert.equal([...fixed.stdout.matchAll(/^ok +leftover +.* removed$/gm)].length, 4, fixed.stdout);
    assert.equal(await crictl.podState(newcomer.id), 'SANDBOX_READY');
    assert.equal(await crictl.exec(id, 'echo', 'alive'), 'alive');
    await crictl.removePod(newcomer);
    await crictl.removePod(pod);
    assert.deepEqual(await leftovers(folders), []);
  });

  it('without a daemon too, and says what a pod would lack', async () => {
    const { daemon, folders } = world();
    await plant();
    await daemon.stop();
    const broken = join(folders.cniConfig, '1.conflist');
    await writeFile(broken, '{}');
    const { code, stdout } = await doctor('--fix');
    await rm(broken);
    assert.equal(code, 1, stdout);
    assert.match(stdout, /^ok +daemon +does not run$/m);
    assert.match(stdout, /^fail +network +.*1\.conflist/m);
    assert.equal([...stdout.matchAll(/^ok +leftover +.* removed$/gm)].length, 4, stdout);
    assert.deepEqual(await leftovers(folders), []);
    await world().restart();
  });
});
