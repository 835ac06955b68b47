import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { FakeGuest } from '../../testing/fake-guest.ts';
import { SandboxRig } from '../../testing/sandbox-rig.ts';
import type { Vm } from '../vm/vm.ts';
import type { Sandbox } from './sandbox.ts';

/** What a VM has to end in after its guest. */
const LINGER_MS = 5_000;
/** An end that is not told would keep its test for ever. */
const HANGS = { timeout: 20_000 };

describe('a guest-init that is gone', () => {
  let rig: SandboxRig;
  let guest: FakeGuest;
  let sandbox: Sandbox;
  let vm: Vm;
  beforeEach(async () => {
    rig = await SandboxRig.make(60_000);
    guest = await FakeGuest.start();
    guest.snapshot = [];
    sandbox = await rig.held(guest);
    vm = sandbox.vm();
  });
  afterEach(async () => {
    mock.restoreAll();
    mock.timers.reset();
    await rig.remove();
    await guest.stop();
  });

  /** Its events have ended, and all the time that the VM has but a millisecond has passed. */
  async function lingering(): Promise<void> {
    const events = mock.method(vm.guest, 'events');
    await sandbox.watch(60_000);
    const stream = events.mock.calls[0]?.result;
    assert.ok(stream !== undefined);
    mock.timers.enable({ apis: ['setTimeout'] });
    const closed = once(stream, 'close');
    guest.hangUp();
    await closed;
    mock.timers.tick(LINGER_MS - 1);
    await setImmediate();
    assert.deepEqual([sandbox.record.state, vm.isAlive()], ['READY', true]);
  }

  /** Resolves when the sandbox's end is told. */
  async function stopped(): Promise<void> {
    const listening = new AbortController();
    for await (const { id, type } of rig.tools.events.listen(listening.signal)) {
      if (id === sandbox.id && type === 'STOPPED') break;
    }
    listening.abort();
  }

  it('while its VM lives on has its VM killed, and that is the reason', HANGS, async () => {
    await lingering();
    const told = stopped();
    mock.timers.tick(1);
    await told;
    const reason = 'guest-init closed its connection and its VM lived on, so it was ended; its console is empty';
    assert.deepEqual([sandbox.record.state, sandbox.record.reason, vm.isAlive()], ['NOTREADY', reason, false]);
  });

  it('with its VM, which ends a little later, is a VM that ended unexpectedly', HANGS, async () => {
    await lingering();
    const told = stopped();
    process.kill(vm.pid, 'SIGKILL');
    await told;
    mock.timers.tick(LINGER_MS);
    await setImmediate();
    const reason = 'the VM ended unexpectedly; its console is empty';
    assert.deepEqual([sandbox.record.state, sandbox.record.reason], ['NOTREADY', reason]);
  });
});
