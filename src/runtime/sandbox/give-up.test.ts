import assert from 'node:assert/strict';
import { afterEach, beforeEach, it, mock } from 'node:test';
import { SandboxRig } from '../../testing/sandbox-rig.ts';
import { readRecord } from '../store/record-file.ts';
import { sandboxRecordSchema } from './sandbox-record.ts';

let rig: SandboxRig;
beforeEach(async () => {
  rig = await SandboxRig.make(60_000);
});
afterEach(async () => {
  mock.restoreAll();
  await rig.remove();
});

it('who gives a VM up names the cause, and the console’s last words go with it', async () => {
  const sandbox = await rig.held();
  await sandbox.giveUp('it was silent');
  assert.equal(sandbox.record.reason, 'it was silent; its console is empty');
  assert.equal((await readRecord(sandbox.paths.record, sandboxRecordSchema)).state, 'NOTREADY');
});

it('a VM that cannot even be killed leaves its sandbox NOTREADY, and says so', async () => {
  const sandbox = await rig.held();
  mock.method(sandbox.vm(), 'kill', () => Promise.reject(new Error('process 7 does not end')));
  await sandbox.giveUp('it was silent');
  assert.equal(sandbox.record.reason, 'it was silent; process 7 does not end');
  assert.equal(sandbox.record.state, 'NOTREADY');
});

it('a VM that does not end when it is stopped leaves its sandbox NOTREADY, and whoever stopped it is told', async () => {
  const sandbox = await rig.held();
  mock.method(sandbox.vm(), 'shutdown', () => Promise.reject(new Error('process 7 does not end')));
  await assert.rejects(sandbox.stopVm('stopped'), /process 7 does not end/);
  assert.equal(sandbox.record.reason, 'stopped; process 7 does not end');
  assert.equal((await readRecord(sandbox.paths.record, sandboxRecordSchema)).state, 'NOTREADY');
});
