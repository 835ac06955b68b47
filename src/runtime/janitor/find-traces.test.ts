import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import type { Log } from '../log.ts';
import { hostMark, sandboxPaths, shortId } from '../paths.ts';
import { exists } from '../store/folder.ts';
import { findTraces, type TraceTools } from './find-traces.ts';
import { leftovers, sweep, type Trace } from './trace.ts';

let base = '';
before(async () => {
  base = await mkdtemp(join(tmpdir(), 'a3s-janitor-'));
});
after(() => rm(base, { recursive: true }));

/** A host on which a sandbox has a shim, a run folder, an address, a cgroup and a folder, with a record or without. */
async function rig(name: string) {
  const [root, state] = [join(base, name, 'root'), join(base, name, 'state')];
  const groups = new Set<string>();
  const logged: string[] = [];
  const line = (facts: object, message: string): void => void logged.push(`${message} ${JSON.stringify(facts)}`);
  const log: Log = { debug: line, info: line, warn: line, error: line };
  let stuck = false;
  const tools: TraceTools = {
    root,
    state,
    network: {
      traces: async () =>
        stuck
          ? [
              {
                kind: 'address',
                name: 'stuck',
                owner: 'nobody',
                remove: () => Promise.reject(new Error('plugin hangs')),
              },
            ]
          : [],
    },
    cgroups: {
      find: async (mark) =>
        [...groups]
          .filter((group) => group.startsWith(mark))
          .map((group) => ({ name: group, paths: [`/${group}`], remove: async () => void groups.delete(group) })),
    },
  };
  const add = async (recorded: boolean): Promise<{ readonly id: string; readonly shim: ChildProcess }> => {
    const id = randomBytes(32).toString('hex');
    const paths = sandboxPaths(root, state, id);
    for (const dir of [paths.dir, paths.run]) await mkdir(dir, { recursive: true });
    if (recorded) await writeFile(paths.record, '{}');
    groups.add(paths.cgroupName);
    const console = await open(paths.console, 'w');
    // one process, which never looks like two, as a shell does while it forks
    const waiting = ['-e', 'setTimeout(() => 0, 1e6)', '/opt/shim.cjs', id];
    const shim = spawn(process.execPath, waiting, { stdio: ['ignore', console.fd, 'ignore'] });
    await once(shim, 'spawn');
    await console.close();
    return { id, shim };
  };
  return { tools, add, log, logged, groups, stick: () => void (stuck = true) };
}

const kinds = (traces: readonly Trace[]): readonly string[] => traces.map(({ kind }) => kind);

it('what belongs to no sandbox is found and goes, processes first, with a line each', async () => {
  const { tools, add, log, logged, groups } = await rig('mixed');
  const [kept, lost] = [await add(true), await add(false)];
  groups.add('a3s-000000-of-another-daemon');
  const found = leftovers(await findTraces(tools), new Set([shortId(kept.id)]), new Set());
  assert.deepEqual(kinds(found), ['shim', 'run folder', 'cgroup', 'sandbox folder']);
  assert.ok(found.every(({ owner }) => owner === shortId(lost.id)));

  const ended = once(lost.shim, 'exit');
  assert.deepEqual(await sweep(found, log), []);
  assert.equal((await ended)[1], 'SIGKILL');
  assert.equal(logged.filter((line) => line.startsWith('leftover removed')).length, 4);
  assert.deepEqual(leftovers(await findTraces(tools), new Set([shortId(kept.id)]), new Set()), []);

  const { root, state } = tools;
  assert.equal(await exists(sandboxPaths(root, state, lost.id).dir), false);
  assert.equal(await exists(sandboxPaths(root, state, kept.id).record), true);
  assert.equal(kept.shim.exitCode ?? kept.shim.signalCode, null);
  assert.deepEqual(groups, new Set([`${hostMark(root, state)}${shortId(kept.id)}`, 'a3s-000000-of-another-daemon']));
  kept.shim.kill('SIGKILL');
});

it('a shim whose run folder somebody has deleted is still found', async () => {
  const { tools, add } = await rig('deleted');
  const { id, shim } = await add(false);
  await rm(tools.state, { recursive: true });
  const found = await findTraces(tools);
  assert.deepEqual(kinds(found), ['shim', 'cgroup', 'sandbox folder']);
  assert.equal(found[0]?.owner, shortId(id));
  shim.kill('SIGKILL');
});

it('one that cannot be removed is logged, returned, and stops no other', async () => {
  const { tools, add, log, logged, stick } = await rig('stuck');
  const { shim } = await add(false);
  stick();
  const failed = await sweep(await findTraces(tools), log);
  assert.deepEqual(kinds(failed), ['address']);
  assert.ok(logged.some((line) => line.startsWith('leftover not removed') && line.includes('plugin hangs')));
  assert.equal(logged.filter((line) => line.startsWith('leftover removed')).length, 4);
  shim.kill('SIGKILL');
});
