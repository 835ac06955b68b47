import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import type { StartContainerResponse__Output } from '../../guest-client/generated/a3s/guest/v1/StartContainerResponse.ts';
import { resources } from '../../testing/configs.ts';
import { SandboxRig } from '../../testing/sandbox-rig.ts';
import { LogPump } from '../logs/log-pump.ts';
import { containerRecordPath } from '../paths.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { removeSandbox } from '../sandbox/stop-sandbox.ts';
import { settlesWithin } from '../time.ts';
import type { Container } from './container.ts';
import { removeContainer } from './remove-container.ts';
import { startContainer } from './start-container.ts';
import { updateContainer } from './update-container.ts';

const PATIENCE_MS = 5_000;

describe('RemoveContainer', () => {
  let rig: SandboxRig;
  let sandbox: Sandbox;
  let container: Container;
  const told: string[] = [];
  beforeEach(async () => {
    rig = await SandboxRig.make(60_000);
    told.splice(0);
    rig.tools.events.publish = ({ id, type }) => void told.push(`${type} ${id}`);
    sandbox = await rig.held();
    container = await rig.heldContainer(sandbox);
  });
  afterEach(async () => {
    mock.restoreAll();
    await rig.remove();
  });

  /** Holds the guest in its removal of a container. */
  function slowRemoval() {
    const [asked, done] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    mock.method(sandbox.vm().guest, 'removeContainer', () => {
      asked.resolve();
      return done.promise;
    });
    return { asked: asked.promise, finish: () => done.resolve() };
  }

  it('waits for an end that recovery is about to tell', async () => {
    const running = await rig.heldContainer(sandbox, { state: 'RUNNING', startedAt: '1' });
    const { guest } = sandbox.vm();
    // it has exited already: there is nobody to signal
    const signalled = new Promise<void>((resolve) => {
      mock.method(guest, 'signalContainer', async () => resolve());
    });
    mock.method(guest, 'removeContainer', async () => undefined);
    const removal = removeContainer(rig.tools, running.id);
    await signalled;
    const reconciled = running.turns.take(() =>
      running.end({ exitCode: 7, reason: 'Error', message: '', finishedAt: '9' }),
    );
    assert.equal(await settlesWithin(reconciled, PATIENCE_MS), true);
    await removal;
  });

  it('leaves nothing for whoever comes meanwhile to change, and no record of it', async () => {
    const { asked, finish } = slowRemoval();
    mock.method(sandbox.vm().guest, 'updateContainer', async () => undefined);
    mock.method(sandbox.vm().guest, 'startContainer', async () => ({ startedAtNs: '7', pid: 8 }));
    const removal = removeContainer(rig.tools, container.id);
    await asked;
    const late = [
      updateContainer(rig.tools, container.id, resources({ memoryLimitBytes: 5 })),
      startContainer(rig.tools, container.id),
    ];
    finish();
    await removal;
    const message = `container ${container.id} does not exist`;
    for (const call of late) await assert.rejects(call, { reason: 'CONTAINER_NOT_FOUND', message });
    assert.equal(existsSync(containerRecordPath(sandbox.paths, container.id)), false);
    assert.deepEqual(told, [`DELETED ${container.id}`]);
  });

  it('waits for a start that hangs, and keeps nobody else of its sandbox waiting', async () => {
    const { guest } = sandbox.vm();
    const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<StartContainerResponse__Output>()];
    mock.method(guest, 'startContainer', () => {
      asked.resolve();
      return answer.promise;
    });
    const exited = { containerId: container.id, exitCode: 137, signal: 9, oomKilled: false, exitedAtNs: '9' };
    mock.method(guest, 'signalContainer', () => void container.markExited(exited));
    mock.method(guest, 'removeContainer', async () => undefined);
    // the pump of a container without a log ends with its output
    mock.method(LogPump, 'start', async () => ({ drained: Promise.resolve(), written: 0, stop: () => undefined }));
    const start = startContainer(rig.tools, container.id);
    await asked.promise;
    const removal = removeContainer(rig.tools, container.id);
    await new Promise(setImmediate);
    assert.ok(await settlesWithin(rig.settled(sandbox.id), PATIENCE_MS), 'the sandbox waits as well');
    answer.resolve({ startedAtNs: '7', pid: 8 });
    await Promise.all([start, removal]);
    assert.deepEqual(told, [`STARTED ${container.id}`, `STOPPED ${container.id}`, `DELETED ${container.id}`]);
  });

  it('is told of once, however many calls there are', async () => {
    mock.method(sandbox.vm().guest, 'removeContainer', async () => undefined);
    await Promise.all([removeContainer(rig.tools, container.id), removeContainer(rig.tools, container.id)]);
    assert.deepEqual(told, [`DELETED ${container.id}`]);
  });

  it('has nothing left to do when the whole sandbox was removed before its turn', async () => {
    await sandbox.giveUp('it is of no use');
    const [asked, detached] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    rig.detach = () => {
      asked.resolve();
      return detached.promise;
    };
    const removals = [removeSandbox(rig.tools, sandbox.id), removeSandbox(rig.tools, sandbox.id)];
    await asked.promise;
    removals.push(removeContainer(rig.tools, container.id));
    told.splice(0);
    detached.resolve();
    await Promise.all(removals);
    assert.deepEqual(told, [`DELETED ${container.id}`, `DELETED ${sandbox.id}`]);
  });
});
