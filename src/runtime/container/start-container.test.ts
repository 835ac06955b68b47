import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { status } from '@grpc/grpc-js';
import { FakeGuest } from '../../testing/fake-guest.ts';
import { SandboxRig } from '../../testing/sandbox-rig.ts';
import { containerRecordPath } from '../paths.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { readRecord } from '../store/record-file.ts';
import type { Container } from './container.ts';
import { containerRecordSchema } from './container-record.ts';
import { startContainer } from './start-container.ts';

describe('StartContainer', () => {
  let rig: SandboxRig;
  let guest: FakeGuest;
  let sandbox: Sandbox;
  let container: Container;
  const told: string[] = [];
  beforeEach(async () => {
    rig = await SandboxRig.make(60_000);
    told.splice(0);
    rig.tools.events.publish = ({ type }) => void told.push(type);
    guest = await FakeGuest.start();
    sandbox = await rig.held(guest);
    container = await rig.heldContainer(sandbox);
    // nothing to drain
    guest.end(container.id);
  });
  afterEach(async () => {
    mock.restoreAll();
    await rig.remove();
    await guest.stop();
  });

  const start = (): Promise<void> => startContainer(rig.tools, container.id);
  const refuse = (code: status): void => {
    guest.start = () => Promise.reject(Object.assign(new Error('refused'), { code }));
  };
  const onDisk = async (): Promise<readonly unknown[]> => {
    const record = await readRecord(containerRecordPath(sandbox.paths, container.id), containerRecordSchema);
    return [record.state, record.exitCode, record.reason];
  };

  // the guest's own clock may be ahead of the daemon's
  for (const code of [status.DEADLINE_EXCEEDED, status.CANCELLED] as const) {
    it(`without an answer in time (${status[code]}) never runs: nobody would ask again, and another be made beside it`, async () => {
      refuse(code);
      const message = "the sandbox's guest-init did not answer StartContainer in time";
      await assert.rejects(start(), { reason: 'DEADLINE', message });
      assert.deepEqual(guest.removed, [container.id]);
      assert.deepEqual(await onDisk(), ['EXITED', 128, 'StartError']);
      assert.equal(container.view().message, message);
      assert.deepEqual(told, ['STOPPED']);
      await assert.rejects(start(), { reason: 'CONTAINER_STATE' });
    });
  }

  it('without an answer in time is over when what it had begun was killed, and that is no exit of its own', async () => {
    refuse(status.DEADLINE_EXCEEDED);
    const exited = { containerId: container.id, exitCode: 137, signal: 9, oomKilled: false, exitedAtNs: '9' };
    mock.method(sandbox.vm().guest, 'removeContainer', async () => void container.markExited(exited));
    await assert.rejects(start(), { reason: 'DEADLINE' });
    assert.deepEqual([await onDisk(), told], [['EXITED', 128, 'StartError'], ['STOPPED']]);
  });

  it('without an answer in time, of a container that cannot be removed either, may come true yet', async () => {
    refuse(status.DEADLINE_EXCEEDED);
    guest.removal = { code: status.INTERNAL };
    await assert.rejects(start(), { reason: 'DEADLINE' });
    assert.deepEqual(await onDisk(), ['CREATED', 0, '']);
    assert.ok(rig.logged.some((line) => line.startsWith('a start that the guest does not answer could not be')));
  });

  for (const code of [status.INTERNAL, status.UNAVAILABLE, status.NOT_FOUND, status.FAILED_PRECONDITION] as const) {
    it(`that fails with ${status[code]} can be asked for again`, async () => {
      refuse(code);
      await assert.rejects(start());
      assert.deepEqual([guest.removed, await onDisk()], [[], ['CREATED', 0, '']]);
      guest.start = async () => ({ startedAtNs: '7', pid: 8 });
      await start();
      assert.deepEqual([await onDisk(), told], [['RUNNING', 0, ''], ['STARTED']]);
    });
  }

  it('of a program that cannot run is its end', async () => {
    refuse(status.INVALID_ARGUMENT);
    await assert.rejects(start(), { reason: 'START_FAILED' });
    assert.deepEqual([guest.removed, await onDisk()], [[], ['EXITED', 128, 'StartError']]);
  });
});
