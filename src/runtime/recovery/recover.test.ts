import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { FakeGuest } from '../../testing/fake-guest.ts';
import { SandboxRig } from '../../testing/sandbox-rig.ts';
import { turnAt } from '../logs/disk-turns.ts';
import {
  containerRecordPath,
  containerSpecPath,
  logPositionPath,
  type SandboxPaths,
  setAsideDir,
  shortId,
} from '../paths.ts';
import { exists } from '../store/folder.ts';
import { UNFINISHED } from '../store/record-file.ts';
import { recover } from './recover.ts';

const SILENCE_MS = 500;
/** Shorter than anything that hangs here, longer than anything else. */
const PATIENCE_MS = 400;

describe('recover', () => {
  let rig: SandboxRig;
  let guest: FakeGuest;
  beforeEach(async () => {
    rig = await SandboxRig.make(SILENCE_MS);
    guest = await FakeGuest.start();
    guest.snapshot = [];
    guest.beats.on('asked', (afterMs: number, beat: () => void) => void setTimeout(beat, afterMs));
  });
  afterEach(async () => {
    await rig.remove();
    await guest.stop();
  });

  const state = (id: string): string => rig.tools.index.find(id)?.record.state ?? 'absent';
  const runs = (...containerIds: readonly string[]): void => {
    guest.snapshot = containerIds.map((containerId) => ({ containerId, state: 'RUNNING', startedAtNs: '1' }));
  };

  it('takes up what runs, and is done when it returns', async () => {
    const { id } = await rig.sandbox(guest);
    await recover(rig.tools, 60_000);
    assert.equal(state(id), 'READY');
    assert.ok(rig.logged.some((line) => line.startsWith('sandbox taken up again')));
    assert.deepEqual(rig.reconciled, [true]);
  });

  it('a guest that does not answer holds up nobody: it is shown, given up, and its reason says so', async () => {
    const [well, wedged] = [await rig.sandbox(guest), await rig.sandbox()];
    await recover(rig.tools, PATIENCE_MS);
    assert.deepEqual([state(well.id), state(wedged.id)], ['READY', 'READY']);
    assert.ok(rig.logged.some((line) => line.startsWith('something hangs')));
    assert.deepEqual(rig.reconciled, [false], 'CNI’s garbage is collected while pods may come');
    await rig.settled(wedged.id);
    assert.deepEqual([state(well.id), state(wedged.id)], ['READY', 'NOTREADY']);
    assert.match(
      rig.tools.index.get(wedged.id).record.reason,
      /^its guest did not answer after a daemon restart: guest-init did not answer in 0.5 s; its console is empty$/,
    );
    await wedged.ended;
    assert.deepEqual(rig.detached, [wedged.id]);
    assert.equal(await exists(wedged.paths.run), false);
  });

  it('a daemon that is stopped meanwhile ends no VM', async () => {
    const wedged = await rig.sandbox();
    await recover(rig.tools, PATIENCE_MS);
    const sandbox = rig.tools.index.get(wedged.id);
    sandbox.release();
    await rig.settled(wedged.id);
    assert.equal(wedged.shim.exitCode ?? wedged.shim.signalCode, null);
    assert.equal(sandbox.record.state, 'READY');
    assert.equal(await exists(wedged.paths.shimRecord), true);
  });

  it('a plugin that hangs in DEL holds up nobody: the sandbox is shown NOTREADY', async () => {
    const answered = Promise.withResolvers<void>();
    rig.detach = () => answered.promise;
    const lost = await rig.sandbox(guest);
    lost.shim.kill('SIGKILL');
    await lost.ended;
    await recover(rig.tools, PATIENCE_MS);
    assert.equal(state(lost.id), 'NOTREADY');
    assert.deepEqual(rig.detached, []);
    answered.resolve();
    await rig.settled(lost.id);
    assert.deepEqual(rig.detached, [lost.id]);
  });

  it('records that cannot be understood are set aside: the sandbox goes, or only the container', async () => {
    const [garbled, kept] = [await rig.sandbox(guest), await rig.sandbox(guest)];
    await writeFile(garbled.paths.record, 'half a rec');
    const [well, lost] = [await rig.container(kept), await rig.container(kept)];
    await writeFile(containerRecordPath(kept.paths, lost), '{}');
    runs(well, lost);
    await recover(rig.tools, 60_000);
    await garbled.ended;
    assert.deepEqual([state(garbled.id), state(kept.id)], ['absent', 'READY']);
    assert.equal(await exists(garbled.paths.dir), false);
    assert.deepEqual([...rig.tools.index.get(kept.id).containers.keys()], [well]);
    assert.deepEqual(guest.removed, [lost]);
    const aside = setAsideDir(rig.tools.root);
    const names = [`container-${shortId(kept.id)}-${shortId(lost)}.json`, `sandbox-${shortId(garbled.id)}.json`];
    assert.deepEqual((await readdir(aside)).toSorted(), names);
    assert.equal(await readFile(join(aside, names[1] ?? ''), 'utf8'), 'half a rec');
  });

  const unreadable: readonly (readonly [what: string, of: (paths: SandboxPaths) => string])[] = [
    ['sandbox’s record', ({ record }) => record],
    ['shim’s record', ({ shimRecord }) => shimRecord],
    ['container’s record', (paths) => containerRecordPath(paths, 'c'.repeat(64))],
  ];
  for (const [what, of] of unreadable) {
    it(`what the disk does not give out (a ${what}) costs no VM: all of it is left for the next start`, async () => {
      const hidden = await rig.sandbox(guest);
      const path = of(hidden.paths);
      await rm(path, { force: true });
      await mkdir(path);
      await recover(rig.tools, 60_000);
      assert.equal(state(hidden.id), 'absent');
      assert.equal(hidden.shim.exitCode ?? hidden.shim.signalCode, null);
      assert.ok(rig.logged.some((line) => line.startsWith('sandbox not shown') && line.includes('EISDIR')));
      for (const left of [hidden.paths.record, hidden.paths.run]) assert.equal(await exists(left), true);
      assert.equal(await exists(setAsideDir(rig.tools.root)), false);
    });
  }

  it('a start that the daemon before began is asked after, and nobody waits for it', async () => {
    const left = await rig.sandbox(guest);
    const containerId = await rig.container(left, { state: 'CREATED' });
    guest.snapshot = [{ containerId, state: 'STARTING', startedAtNs: '0' }];
    const [asked, answer] = [Promise.withResolvers<string>(), Promise.withResolvers<object>()];
    guest.start = (id) => {
      asked.resolve(id);
      return answer.promise;
    };
    await recover(rig.tools, 60_000);
    assert.equal(await asked.promise, containerId);
    const { container } = rig.tools.index.getContainer(containerId);
    assert.deepEqual([state(left.id), container.record.state], ['READY', 'CREATED']);
    answer.resolve({ startedAtNs: '7', pid: 8 });
    await container.turns.take(async () => undefined);
    assert.deepEqual([container.record.state, container.record.startedAt], ['RUNNING', '7']);
  });

  it('logs that cannot be written, positions that cannot be read and a guest that keeps a container cost no VM', async () => {
    const { id, paths } = await rig.sandbox(guest);
    await writeFile(join(rig.base, 'file'), '');
    const noFolder = await rig.container({ id, paths }, { logPath: join(rig.base, 'file', 'log') });
    const counted = await rig.container({ id, paths }, { logPath: join(rig.base, 'counted.log') });
    await writeFile(logPositionPath(paths, counted), 'garbled');
    runs(noFolder, counted, 'e'.repeat(64));
    guest.removal = { code: status.INTERNAL };
    await recover(rig.tools, 60_000);
    assert.equal(state(id), 'READY');
    for (const container of rig.tools.index.get(id).containers.values()) {
      assert.equal(container.record.state, 'RUNNING');
      assert.equal(container.hasLog, true);
    }
    for (const line of [
      'container log cannot be taken up',
      'log position cannot be read',
      'container without a record not',
    ]) {
      assert.ok(
        rig.logged.some((each) => each.startsWith(line)),
        line,
      );
    }
  });

  it('what the daemon before was writing when it died goes, with the container that has nothing else', async () => {
    const { paths } = await rig.sandbox(guest);
    const lost = 'e'.repeat(64);
    await mkdir(paths.containers, { recursive: true });
    for (const path of [containerRecordPath, containerSpecPath, logPositionPath]) {
      await writeFile(path(paths, lost) + UNFINISHED, '{"versi');
    }
    await recover(rig.tools, 60_000);
    assert.deepEqual(await readdir(paths.containers), []);
    assert.deepEqual(guest.removed, [lost]);
  });

  it('a log whose disk hangs is late, and holds up neither its container nor its sandbox', async () => {
    const left = await rig.sandbox(guest);
    const containerId = await rig.container(left, { logPath: join(rig.base, 'late.log') });
    runs(containerId);
    const answered = Promise.withResolvers<void>();
    const hanging = turnAt(rig.base, () => answered.promise);
    await recover(rig.tools, 60_000);
    const container = rig.tools.index.getContainer(containerId).container;
    assert.deepEqual([state(left.id), container.record.state, container.hasLog], ['READY', 'RUNNING', false]);
    answered.resolve();
    await hanging;
    while (!container.hasLog) await new Promise(setImmediate);
  });

  it('a shim whose sandbox has ended is a leftover, for nothing else would ever end it', async () => {
    const ended = await rig.sandbox(guest, { state: 'NOTREADY', reason: 'long ago' });
    await rm(ended.paths.run, { recursive: true });
    await recover(rig.tools, 60_000);
    await ended.ended;
    assert.equal(rig.tools.index.get(ended.id).record.reason, 'long ago');
  });

  it('a VM that ended while no daemon ran is told with what its console had said before', async () => {
    const lost = await rig.sandbox(guest);
    await rm(lost.paths.shimRecord);
    await writeFile(lost.paths.consoleTail, 'oops\n');
    await recover(rig.tools, 60_000);
    assert.equal(rig.tools.index.get(lost.id).record.reason, 'the VM ended while no daemon was running; console: oops');
  });

  it('a VM whose run folder somebody has deleted ends as lost', async () => {
    const lost = await rig.sandbox(guest);
    await rm(lost.paths.run, { recursive: true });
    await recover(rig.tools, 60_000);
    await lost.ended;
    assert.match(rig.tools.index.get(lost.id).record.reason, /ended while no daemon was running; its console is empty/);
  });
});
