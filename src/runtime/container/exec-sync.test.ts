import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, it, mock } from 'node:test';
import type { RunRequest__Output } from '../../guest-client/generated/a3s/guest/v1/RunRequest.ts';
import { accept, FakeStreamGuest, type ProcessPeer } from '../../testing/fake-stream-guest.ts';
import { SandboxRig } from '../../testing/sandbox-rig.ts';
import { execSync } from './exec-sync.ts';

const MIB = 1024 * 1024;
/** Of both streams together, whose reply must fit a message of 16 MiB (SPECIFICATION.md). */
const OUTPUT_CAP = 16 * MIB - 64 * 1024;

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

it('a command that prints more than a message may hold runs to its end, and the first of it is told with its exit code', async () => {
  const piece = Buffer.alloc(32 * 1024, 'x');
  const print = async (peer: ProcessPeer): Promise<void> => {
    accept(peer);
    // 20 MiB of one stream, and as much of the other
    for (const stream of ['stdout', 'stderr'] as const) {
      for (let sent = 0; sent < 20 * MIB; sent += piece.length) {
        if (!peer.write({ [stream]: piece })) await once(peer, 'drain');
      }
    }
    peer.write({ exited: { exitCode: 7, timedOut: false } });
    peer.end();
  };
  guest.process = (peer) => {
    peer.once('data', () => void print(peer));
  };
  const { stdout, stderr, exitCode } = await execSync(rig.tools, id, ['print'], 0, new AbortController().signal);
  assert.deepEqual([stdout.length, stderr.length, exitCode], [OUTPUT_CAP, 0, 7]);
});
