import assert from 'node:assert/strict';
import { after, before, it, mock } from 'node:test';
import type { RunRequest__Output } from '../../guest-client/generated/a3s/guest/v1/RunRequest.ts';
import { accept, FakeStreamGuest } from '../../testing/fake-stream-guest.ts';
import { SandboxRig } from '../../testing/sandbox-rig.ts';
import { execSync } from './exec-sync.ts';

let rig: SandboxRig;
let guest: FakeStreamGuest;
let id: string;
before(async () => {
  rig = await SandboxRig.make(60_000);
  guest = await FakeStreamGuest.start();
  ({ id } = await rig.heldContainer(await rig.held(guest), { state: 'RUNNING' }));
});
after(async () => {
  await rig.remove();
  await guest.stop();
});

/** Starts a command that never ends; `gaveUp` resolves when the call was cancelled. */
function hang(signal: AbortSignal) {
  const [started, gaveUp] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  guest.process = (peer) => {
    peer.on('error', () => undefined);
    peer.on('cancelled', () => gaveUp.resolve());
    peer.on('data', ({ start }: RunRequest__Output) => {
      if (!start) return;
      accept(peer);
      started.resolve();
    });
  };
  return { result: execSync(rig.tools, id, ['probe'], 1, signal), started: started.promise, gaveUp: gaveUp.promise };
}

it('a command that the guest cannot end has run out of time: kubelet counts no other error of a probe', async () => {
  const late = new AbortController();
  mock.method(AbortSignal, 'timeout', () => late.signal);
  const { result, started, gaveUp } = hang(new AbortController().signal);
  mock.restoreAll();
  await started;
  late.abort();
  await assert.rejects(result, { reason: 'DEADLINE', message: /^"probe" in container .* has not ended 1 s after/ });
  await gaveUp;
});

it('a command whose caller leaves is given up, and that is not its time', async () => {
  const caller = new AbortController();
  const { result, started, gaveUp } = hang(caller.signal);
  await started;
  caller.abort();
  await assert.rejects(result, { reason: 'CANCELLED' });
  await gaveUp;
});
