import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import {
  containerRecordPath,
  hostMark,
  NETNS_DIR,
  sandboxPaths,
  setAsideDir,
  shortId,
} from '../../src/runtime/paths.ts';
import { readMountsBelow } from '../../src/runtime/share/mount-table.ts';
import { listFolder } from '../../src/runtime/store/folder.ts';
import { savedWords } from '../../src/runtime/vm/console-ring.ts';
import { identify } from '../../src/shim/identity.ts';
import { type Pod, until } from './harness/crictl.ts';
import type { Folders } from './harness/daemon.ts';
import { leftovers, shims, vmmOf } from './harness/leftovers.ts';
import { node } from './harness/network.ts';
import { BUSYBOX } from './harness/settings.ts';
import { useWorld } from './harness/suite.ts';

/** An emulated guest is slow. */
const SILENCE_MS = 18_000;
const PRIVILEGED = { linux: { security_context: { privileged: true } } };

describe('when things die', () => {
  const world = useWorld([BUSYBOX], 'plain', false, [`heartbeat_timeout = "${SILENCE_MS}ms"`]);

  const notReady = (id: string): Promise<true> =>
    until(
      `sandbox ${id} is NOTREADY`,
      async () => (await world().crictl.podState(id)) === 'SANDBOX_NOTREADY' || undefined,
    );

  /** The daemon that is killed next has left these words of the console for the one after it. */
  const saved = async ({ id }: Pod, words: string): Promise<void> => {
    const { root, state } = world().folders;
    const { consoleTail } = sandboxPaths(root, state, id);
    await until(`"${words}" is saved`, async () => savedWords(consoleTail).includes(words) || undefined);
  };

  it('a shim that is killed: the sandbox is NOTREADY, its container EXITED, and its neighbour lives on', async () => {
    const { crictl, folders } = world();
    const [victim, neighbour] = [await crictl.runPod('victim'), await crictl.runPod('neighbour')];
    const id = await crictl.start(victim, { command: ['sleep', '1000'] });
    const other = await crictl.start(neighbour, { command: ['sleep', '1000'] });
    const pid = await vmmOf(folders, victim.id);
    process.kill(pid, 'SIGKILL');
    await notReady(victim.id);
    assert.equal((await crictl.exited(id)).exitCode, 255);
    assert.match(await crictl.fails('create', victim.id, victim.config, victim.config), /./);
    assert.equal(await crictl.exec(other, 'echo', 'alive'), 'alive');
    await crictl.removePod(victim);
    await crictl.removePod(neighbour);
  });

  it('the daemon is killed: pods run on, also one whose kernel prints what nobody reads; one that dies meanwhile is NOTREADY', async () => {
    const { crictl, daemon, folders } = world();
    const pod = await crictl.runPod('survivor', PRIVILEGED);
    const sleeper = await crictl.start(pod, { name: 'sleeper', command: ['sleep', '1000'] });
    // the guest's kernel goes on printing on the console, which nobody reads while there is no daemon
    const printing = 'mknod /kmsg c 1 11; while echo "<0>nobody reads this" >/kmsg; do sleep 1; done';
    await crictl.start(pod, { name: 'printer', command: ['sh', '-c', printing], config: PRIVILEGED });
    const lost = await crictl.runPod('lost', PRIVILEGED);
    const speaker = await crictl.start(lost, { command: ['sleep', '1000'], config: PRIVILEGED });
    await crictl.printOnConsole(speaker, 'lost was here');
    await saved(lost, 'lost was here');
    const before = await shims(folders);
    await daemon.kill();
    const gone = before.find(({ sandbox }) => sandbox === lost.id);
    assert.ok(gone !== undefined);
    process.kill(gone.pid, 'SIGKILL');
    await world().restart();
    assert.deepEqual(
      (await shims(folders)).map(({ pid }) => pid),
      before.filter(({ pid }) => pid !== gone.pid).map(({ pid }) => pid),
    );
    assert.equal(await crictl.podState(pod.id), 'SANDBOX_READY');
    assert.equal(await crictl.podState(lost.id), 'SANDBOX_NOTREADY');
    assert.match(await crictl.podReason(lost.id), /the VM ended while no daemon was running; console: .*lost was here/);
    assert.equal(await crictl.exec(sleeper, 'echo', 'still here'), 'still here');
    await crictl.removePod(pod);
    await crictl.removePod(lost);
  });

  it('a sandbox whose record is lost is no orphan: the next daemon ends its VM', async () => {
    const { crictl, daemon, folders } = world();
    const pod = await crictl.runPod('orphan');
    await daemon.kill();
    await rm(`${folders.root}/sandboxes/${pod.id}/sandbox.json`);
    await world().restart();
    assert.equal(await crictl.podState(pod.id), 'absent');
    assert.deepEqual(await shims(folders), []);
  });

  it('a guest that stands still and records that are garbled: the next daemon serves, and nobody else is harmed', async () => {
    const { crictl, daemon, folders } = world();
    const pods = [
      await crictl.runPod('wedged', PRIVILEGED),
      await crictl.runPod('working'),
      await crictl.runPod('garbled'),
    ] as const;
    const [wedged, working, garbled] = pods;
    const command = ['sleep', '1000'];
    const silent = await crictl.start(wedged, { command, config: PRIVILEGED });
    await crictl.printOnConsole(silent, 'wedged was here');
    await saved(wedged, 'wedged was here');
    const kept = await crictl.start(working, { name: 'kept', command });
    const lost = await crictl.start(working, { name: 'lost', command });
    const pid = await vmmOf(folders, wedged.id);
    process.kill(pid, 'SIGSTOP');
    await daemon.kill();
    await writeFile(sandboxPaths(folders.root, folders.state, garbled.id).record, '{"version":1,');
    await writeFile(containerRecordPath(sandboxPaths(folders.root, folders.state, working.id), lost), '');
    await world().restart();

    assert.equal(await crictl.exec(kept, 'echo', 'still here'), 'still here');
    assert.deepEqual((await crictl.containers()).toSorted(), [silent, kept].toSorted());
    assert.equal(await crictl.podState(garbled.id), 'absent');
    assert.ok((await shims(folders)).every(({ sandbox }) => sandbox !== garbled.id));
    const aside = [`container-${shortId(working.id)}-${shortId(lost)}.json`, `sandbox-${shortId(garbled.id)}.json`];
    assert.deepEqual((await listFolder(setAsideDir(folders.root))).toSorted(), aside);

    await notReady(wedged.id);
    assert.match(
      await crictl.podReason(wedged.id),
      /its guest did not answer after a daemon restart: .* in 18 s; console: .*wedged was here/,
    );
    assert.equal((await crictl.status(silent)).exitCode, 255);
    await crictl.removePod(wedged);
    // its name is free, for its record is nowhere any more
    await crictl.start(working, { name: 'lost', command });
    await crictl.removePod(working);
  });

  it('the host is restarted: nothing is taken for what it was, and all of it can be removed', async () => {
    const { crictl, daemon, folders } = world();
    const pods = [await crictl.runPod('before'), await crictl.runPod('kept-run-folder')];
    const ids = await Promise.all(pods.map((pod) => crictl.start(pod, { command: ['sleep', '1000'] })));
    await daemon.kill();
    await restartHost(folders);
    // a state folder that outlives the boot: its records name this very process, but of another boot
    const [, kept] = pods;
    assert.ok(kept !== undefined);
    const { run, shimRecord } = sandboxPaths(folders.root, folders.state, kept.id);
    await mkdir(run, { recursive: true });
    await writeFile(shimRecord, JSON.stringify({ ...identify(process.pid), bootId: 'the boot before this one' }));
    await world().restart();
    for (const [index, pod] of pods.entries()) {
      assert.equal(await crictl.podState(pod.id), 'SANDBOX_NOTREADY');
      const { state, exitCode, reason } = await crictl.status(ids[index] ?? '');
      assert.deepEqual([state, exitCode, reason], ['CONTAINER_EXITED', 255, 'Unknown']);
    }
    await crictl.ok('rm', ids[0] ?? '');
    for (const pod of pods) await crictl.removePod(pod);
    assert.deepEqual(await leftovers(folders), []);
  });
});

/** What a restart of the host takes with it: processes, mounts, namespaces, everything in /run. */
async function restartHost(folders: Folders): Promise<void> {
  for (const { pid } of await shims(folders)) process.kill(pid, 'SIGKILL');
  await until('the VMs are gone', async () => (await shims(folders)).length === 0 || undefined);
  for (const point of (await readMountsBelow(folders.root)).toReversed()) await node('umount', point);
  const mark = hostMark(folders.root, folders.state);
  for (const name of await listFolder(NETNS_DIR)) {
    if (name.startsWith(mark)) await node('ip', 'netns', 'delete', name);
  }
  await rm(folders.state, { recursive: true });
}
