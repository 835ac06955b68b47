import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, getPriority, setPriority } from 'node:os';
import { after, describe, it } from 'node:test';
import { giveWay } from './priority.ts';

describe('giveWay', () => {
  const before = getPriority();
  after(() => setPriority(before));

  async function priorityOfChild(ours: number): Promise<number> {
    setPriority(ours);
    const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
    giveWay(child);
    assert.ok(child.pid !== undefined);
    const priority = getPriority(child.pid);
    child.stdin.end();
    await once(child, 'close');
    return priority;
  }

  it('keeps a child of an ordinary or lower priority where it is', async () => {
    assert.equal(await priorityOfChild(before), before);
  });

  it('takes a raised priority from a child, and leaves it to the daemon', async () => {
    assert.equal(await priorityOfChild(-5), 0);
    assert.equal(getPriority(), -5);
  });

  it('has nothing to do for a child that could not be started', async () => {
    const child = spawn('/nonexistent/program');
    giveWay(child);
    const [error] = await once(child, 'error');
    assert.equal(error.errno, -constants.errno.ENOENT);
  });
});
