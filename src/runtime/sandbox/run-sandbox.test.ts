import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { sandboxRecord } from '../../testing/records.ts';
import { standInVm } from '../../testing/stand-in-vm.ts';
import { openCgroups } from '../cgroup/cgroups.ts';
import { EventHub } from '../events/event-hub.ts';
import { sandboxPaths } from '../paths.ts';
import { withUndo } from '../undo.ts';
import { showSandbox, whileItLives } from './run-sandbox.ts';
import { Sandbox } from './sandbox.ts';
import { SandboxIndex } from './sandbox-index.ts';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
let dir = '';
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'a3s-run-sandbox-'));
});
after(() => rm(dir, { recursive: true }));

it('a sandbox whose VM ends before it is shown never was: no record, no event, and not in any list', async () => {
  const paths = sandboxPaths(dir, join(dir, 'state'), 'ab'.repeat(32));
  await mkdir(paths.dir, { recursive: true });
  const events = new EventHub();
  const told: string[] = [];
  events.publish = ({ type }) => void told.push(type);
  const sandbox = new Sandbox(sandboxRecord(), paths, events, silent);
  const { vm, process } = await standInVm(paths);
  sandbox.prepare(vm);
  process.kill('SIGKILL');
  await vm.ended;
  assert.equal(existsSync(paths.record), false);
  const context = { index: new SandboxIndex(), cgroups: await openCgroups('none') };
  await assert.rejects(
    withUndo(silent, (undo) => showSandbox(context, sandbox, undo)),
    { reason: 'BOOT_FAILED', message: 'sandbox s1 was ready, and then its VM ended; console: was here' },
  );
  sandbox.release();
  assert.deepEqual([existsSync(paths.record), context.index.all(), told], [false, [], []]);
});

it('what a guest is asked ends with its VM, however long its answer would have been waited for', async () => {
  const paths = sandboxPaths(dir, join(dir, 'state'), 'cd'.repeat(32));
  const { vm, process } = await standInVm(paths);
  assert.equal(await whileItLives('s2', vm, Promise.resolve('answered')), 'answered');
  const asked = whileItLives('s2', vm, new Promise(() => undefined));
  process.kill('SIGKILL');
  await assert.rejects(asked, { reason: 'BOOT_FAILED', message: /^sandbox s2 was ready, and then its VM ended; / });
  vm.release();
});
