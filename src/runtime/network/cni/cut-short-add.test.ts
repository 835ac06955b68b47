import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, describe, it } from 'node:test';
import { identify } from '../../../shim/identity.ts';
import { endCutShortAdd } from './cut-short-add.ts';

describe('what an ADD that was cut short has left running', () => {
  const started: ChildProcess[] = [];
  afterEach(async () => {
    await Promise.all(started.splice(0).map(end));
  });

  async function end(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** A process that says when it runs, in the environment that a plugin has. */
  async function run(command: string, containerId: string, script = 'echo runs; exec sleep 60') {
    const env = { PATH: process.env['PATH'], CNI_COMMAND: command, CNI_CONTAINERID: containerId };
    const child = spawn('sh', ['-c', script], { env, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    started.push(child);
    const [line] = await once(child.stdout, 'data');
    return { child, line: String(line).trim() };
  }

  const newId = (): string => randomBytes(32).toString('hex');

  it('is killed, gone when that is told, and nothing else is touched', async () => {
    const id = newId();
    const others = [await run('ADD', newId()), await run('DEL', id), await run('ADD', `${id}0`)];
    const mine = await run('ADD', id);
    const exited = once(mine.child, 'exit');
    assert.deepEqual(await endCutShortAdd(id), [mine.child.pid]);
    assert.equal(identify(mine.child.pid ?? 0), undefined);
    assert.deepEqual(await exited, [null, 'SIGKILL']);
    for (const { child } of others) assert.ok(identify(child.pid ?? 0) !== undefined);
    assert.deepEqual(await endCutShortAdd(id), []);
  });

  it('is found when the plugin itself has ended, whatever group and session it is in', async () => {
    const id = newId();
    const { child, line } = await run('ADD', id, "setsid sh -c 'echo $$; exec sleep 60' &");
    // it holds stdout, which so ends with it
    const closed = once(child, 'close');
    assert.deepEqual(await endCutShortAdd(id), [Number(line)]);
    await closed;
  });

  it('one that starts others without end is caught with all of them', async () => {
    const id = newId();
    const { child } = await run('ADD', id, 'echo runs; while :; do sleep 60 & sleep 0.01; done');
    const closed = once(child, 'close');
    assert.ok((await endCutShortAdd(id)).length > 0);
    await closed;
  });

  it('one that does not end in time is told of: its DEL must wait', async () => {
    const id = newId();
    const { child } = await run('ADD', id);
    await assert.rejects(endCutShortAdd(id, 0), {
      reason: 'DEADLINE',
      message: new RegExp(`process ${child.pid} of CNI's ADD for sandbox ${id} was killed and does not end`),
    });
  });
});
