import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type BoxError, type ErrorReason, isBoxError } from '../../errors.ts';
import type { RunRequest__Output } from '../../guest-client/generated/a3s/guest/v1/RunRequest.ts';
import { accept, FakeStreamGuest, type ProcessPeer, refuse } from '../../testing/fake-stream-guest.ts';
import type { ProcessStreams, StreamRequest } from '../streams.ts';
import { execOpening } from './open-exec.ts';
import { openProcess } from './open-process.ts';
import { WINDOW_BYTES } from './output-stream.ts';
import { MAX_SESSIONS } from './sessions.ts';

const ALL: StreamRequest = { tty: false, stdin: true, stdout: true, stderr: true };
const CHUNK = Buffer.alloc(32 * 1024, 'x');
const because =
  (reason: ErrorReason, words: RegExp = /./) =>
  (error: unknown): error is BoxError =>
    isBoxError(error, reason) && words.test(error.message);

describe('a session with a process', () => {
  let guest: FakeStreamGuest;
  let requests: RunRequest__Output[];

  before(async () => {
    guest = await FakeStreamGuest.start();
  });
  after(() => guest.stop());
  beforeEach(() => {
    requests = [];
  });

  /** Plays a process: `act` once it was started; every request is kept. */
  function play(act: (peer: ProcessPeer) => void): void {
    guest.process = (peer) => {
      peer.on('error', () => undefined);
      peer.on('data', (request: RunRequest__Output) => {
        requests.push(request);
        if (request.start) act(peer);
      });
    };
  }

  const open = (request: StreamRequest = ALL, signal = new AbortController().signal): Promise<ProcessStreams> =>
    openProcess(guest.sessions, guest.connect, execOpening('c1', ['sh'], request), signal);

  const takenOf = (name: 'stdout' | 'stderr'): number =>
    Math.max(0, ...requests.map(({ taken }) => Number(taken?.[name] ?? 0)));

  it('gives output to its end and the exit code', async () => {
    play((peer) => {
      peer.write({ stdout: Buffer.from('out') });
      peer.write({ stderr: Buffer.from('err') });
      peer.write({ exited: { exitCode: 7 } });
    });
    const process = await open();
    assert.equal(await process.exited, 7);
    assert.ok(process.stdout && process.stderr);
    assert.deepEqual([await text(process.stdout), await text(process.stderr)], ['out', 'err']);
    assert.equal(guest.sessions.count, 0);
    assert.deepEqual(requests[0]?.start?.args, ['sh']);
  });

  it('has only the streams that were asked for, and drops the others', async () => {
    play((peer) => {
      for (let index = 0; index < 16; index++) peer.write({ stderr: CHUNK });
    });
    const process = await open({ tty: false, stdin: false, stdout: true, stderr: false });
    assert.deepEqual([process.stdin, process.stderr], [undefined, undefined]);
    await eventually(() => takenOf('stderr') >= 15 * CHUNK.length);
    process.close();
  });

  it('one stream that is not read does not stop the other, and is bounded', async () => {
    play((peer) => {
      for (let sent = 0; sent < WINDOW_BYTES; sent += CHUNK.length) peer.write({ stderr: CHUNK });
      peer.write({ stdout: Buffer.from('heard') });
    });
    const process = await open();
    const [heard] = await once(process.stdout ?? assert.fail(), 'data');
    assert.equal(String(heard), 'heard');
    assert.equal(takenOf('stderr'), 0);
    process.stderr?.resume();
    await eventually(() => takenOf('stderr') === WINDOW_BYTES);
    process.close();
  });

  it('ends a guest that sends more than it may', async () => {
    play((peer) => {
      for (let sent = 0; sent <= WINDOW_BYTES; sent += CHUNK.length) peer.write({ stdout: CHUNK });
    });
    const process = await open();
    await assert.rejects(process.exited, because('GUEST_ANSWER', /stdout/));
  });

  it('ends a guest whose words make no sense', async () => {
    for (const response of [{ exited: { exitCode: 256 } }, { stdinTaken: 1 }]) {
      play((peer) => peer.write(response));
      await assert.rejects((await open()).exited, because('GUEST_ANSWER'));
    }
    play((peer) => {
      accept(peer);
      peer.end();
    });
    await assert.rejects((await open()).exited, because('GUEST_ANSWER', /without an exit code/));
  });

  it('says why the program cannot run', async () => {
    play((peer) => refuse(peer, 'exec "sh": not here'));
    await assert.rejects(open(), because('EXEC_FAILED', /not here/));
    assert.equal(guest.sessions.count, 0);
  });

  it('sends input, its end, and of many sizes the last', async () => {
    play(accept);
    const process = await open({ ...ALL, tty: true });
    process.stdin?.end('typed');
    for (let width = 1; width <= 100; width++) process.resize({ width, height: 70_000 });
    await eventually(() => requests.at(-1)?.resize?.columns === 100);
    const sizes = requests.flatMap(({ resize }) => resize ?? []);
    assert.ok(sizes.length < 100);
    assert.ok(sizes.every(({ rows }) => rows === 65_535));
    await eventually(() => requests.some(({ closeStdin }) => closeStdin));
    assert.equal(String(requests.find(({ stdin }) => stdin)?.stdin), 'typed');
    process.close();
  });

  it('is given up by close and by the signal, and the guest hears of it', async () => {
    for (const giveUp of ['close', 'signal'] as const) {
      const cancelled = new Promise((resolve) => {
        play((peer) => {
          peer.once('cancelled', resolve);
          accept(peer);
        });
      });
      const abort = new AbortController();
      const process = await open(ALL, abort.signal);
      if (giveUp === 'close') process.close();
      else abort.abort();
      await assert.rejects(process.exited, because('CANCELLED'));
      assert.equal(await text(process.stdout ?? assert.fail()), '');
      await cancelled;
    }
    assert.equal(guest.sessions.count, 0);
  });

  it('a client that leaves while it is opened leaves nothing', async () => {
    const abort = new AbortController();
    play(() => abort.abort());
    await assert.rejects(open(ALL, abort.signal), because('CANCELLED'));
    await assert.rejects(open(ALL, abort.signal), because('CANCELLED'));
    assert.equal(guest.sessions.count, 0);
  });

  it('there are no more than the limit', async () => {
    play(accept);
    const all = await Promise.all(Array.from({ length: MAX_SESSIONS }, () => open()));
    await assert.rejects(open(), because('TOO_MANY_STREAMS', /128/));
    all[0]?.close();
    await assert.rejects(all[0]?.exited ?? assert.fail(), because('CANCELLED'));
    all.push(await open());
    for (const process of all) process.close();
    await Promise.allSettled(all.map(({ exited }) => exited));
    assert.equal(guest.sessions.count, 0);
  });

  it('ends with the VM', async () => {
    play(accept);
    const process = await open();
    guest.die();
    await assert.rejects(process.exited, because('GUEST_GONE'));
    await assert.rejects(open(), because('GUEST_GONE'));
    await guest.stop();
    guest = await FakeStreamGuest.start();
  });
});

async function eventually(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!holds()) {
    assert.ok(Date.now() < deadline, 'it never came to that');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
