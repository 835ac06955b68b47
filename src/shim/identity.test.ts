import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { identify, isAlive, killExactly, processorTime, processorTimeOf, startTimeOf } from './identity.ts';

describe('shim identity', () => {
  it('holds while the process lives and no longer', async () => {
    const child = spawn('sleep', ['60']);
    await once(child, 'spawn');
    const identity = identify(child.pid ?? 0);
    assert.ok(identity !== undefined && isAlive(identity));
    assert.equal(isAlive({ ...identity, startTime: '1' }), false);
    assert.equal(killExactly({ ...identity, bootId: 'another boot' }), false);
    assert.equal(killExactly(identity), true);
    await once(child, 'exit');
    assert.equal(isAlive(identity), false);
    assert.equal(killExactly(identity), false);
  });

  it('is not fooled by a command with spaces and brackets', () => {
    const fields = Array.from({ length: 30 }, (_, index) => String(index));
    assert.equal(startTimeOf(`12 (a) b) S ${fields.join(' ')}`), '18');
    assert.equal(startTimeOf(`12 (a) Z ${fields.join(' ')}`), undefined);
  });

  it('tells a process’s processor time, and a guest’s part of it', () => {
    const fields = Array.from({ length: 48 }, (_, index) => (index + 4) * 10).join(' ');
    assert.deepEqual(processorTimeOf(`12 (a) b) S ${fields}`), { all: 1.4 + 1.5, guest: 4.3 });
    const own = processorTime(process.pid);
    assert.ok(own !== undefined && own.all > 0 && own.guest === 0, JSON.stringify(own));
    assert.equal(processorTime(2 ** 22), undefined, 'beyond what pid_max may be');
  });
});
