import assert from 'node:assert/strict';
import { it, mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Deadline } from './deadline.ts';

/** A deadline of 100 ms on a clock of its own; `pass` lets time go by, `stall` too, but with timers firing only at its end. */
function rig() {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
  let clock = 0;
  let expired = 0;
  const deadline = new Deadline(
    100,
    () => {
      expired += 1;
    },
    () => clock,
  );
  const pass = async (ms: number, step = 1): Promise<void> => {
    for (let at = 0; at < ms; at += step) {
      clock += step;
      mock.timers.tick(step);
    }
    await turn();
  };
  return { deadline, pass, stall: (ms: number) => pass(ms, ms), expired: () => expired };
}

it('expires once when nothing comes', async () => {
  const { pass, expired } = rig();
  await pass(99);
  assert.equal(expired(), 0);
  await pass(1000);
  assert.equal(expired(), 1);
});

it('a sign of life starts it anew', async () => {
  const { deadline, pass, expired } = rig();
  for (let signs = 0; signs < 5; signs += 1) {
    await pass(90);
    deadline.extend();
  }
  assert.equal(expired(), 0);
  await pass(101);
  assert.equal(expired(), 1);
});

it('a stall of the process is not the silence of the other side', async () => {
  const { pass, stall, expired } = rig();
  await stall(60_000);
  assert.equal(expired(), 0);
  await pass(101);
  assert.equal(expired(), 1);
});

it('a sign that waits in a socket when the timer fires still counts', async () => {
  const { deadline, pass, expired } = rig();
  const firing = pass(100);
  deadline.extend();
  await firing;
  assert.equal(expired(), 0);
});

it('never expires once it was cancelled, not even when a late sign comes', async () => {
  const { deadline, pass, expired } = rig();
  const firing = pass(100);
  deadline.cancel();
  deadline.extend();
  await firing;
  await pass(500);
  assert.equal(expired(), 0);
});
