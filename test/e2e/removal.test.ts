import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Pod } from './harness/crictl.ts';
import { useWorld } from './harness/suite.ts';

/** Deeper than a path can be long. In an emulated guest folders take their time: guest-init's own tests go down to 60,000. */
const DEPTH = 3_000;
const CHUNK = 500;
const FILES = 2_000;
/** Some inodes are the neighbour's own. */
const SLACK = 100;

describe('removing a container', () => {
  const world = useWorld();
  let pod: Pod;
  let neighbour = '';
  before(async () => {
    const { crictl } = world();
    pod = await crictl.runPod('removal');
    neighbour = await crictl.start(pod, { name: 'neighbour', command: ['sleep', '1000'] });
  });

  /** Inodes that are free on the disk of all writable layers. */
  const freeInodes = async (): Promise<number> =>
    Number(await world().crictl.exec(neighbour, 'stat', '-f', '-c', '%d', '/'));

  async function neighbourIsServed(): Promise<void> {
    for (let asked = 0; asked < 5; asked += 1) {
      assert.equal(await world().crictl.exec(neighbour, 'echo', 'alive'), 'alive');
    }
  }

  /** Runs a script in a container of its own, checks that it has made so much, and removes it: nothing may be left of it. */
  async function makeAndRemove(name: string, script: string, inodes: number): Promise<void> {
    const { crictl } = world();
    const free = await freeInodes();
    const { id, exitCode } = await crictl.finish(pod, { name, command: ['sh', '-ec', script] });
    assert.equal(exitCode, 0, (await crictl.try('logs', id)).stderr);
    assert.ok(free - (await freeInodes()) >= inodes, 'the script has not made what it should');
    await Promise.all([crictl.ok('rm', id), neighbourIsServed()]);
    assert.ok(free - (await freeInodes()) < SLACK, 'something of its writable layer is left');
    assert.equal(await crictl.podState(pod.id), 'SANDBOX_READY');
    assert.ok(!(await crictl.containers()).includes(id));
  }

  it('whose folders are nested deeper than any path is long', async () => {
    // chunk by chunk from the bottom, for busybox's shell keeps the whole path of where it is
    const script = `
      cd /root; chunk=d; depth=1
      while [ $depth -lt ${CHUNK} ]; do chunk=$chunk/d; depth=$((depth + 1)); done
      mkdir -p tree/$chunk
      while [ $depth -lt ${DEPTH} ]; do
        mkdir -p new/$chunk; mv tree/d new/$chunk/; mv new/d tree/; depth=$((depth + ${CHUNK}))
      done`;
    await makeAndRemove('deep', script, DEPTH);
  });

  it('with many files', async () => {
    await makeAndRemove('wide', `mkdir /root/wide; cd /root/wide; seq ${FILES} | xargs touch`, FILES);
  });
});
