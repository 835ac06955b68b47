import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, it } from 'node:test';
import { SandboxRig } from '../../testing/sandbox-rig.ts';
import type { RunPaths } from '../paths.ts';
import { exists } from '../store/folder.ts';
import { endShim } from './end-shim.ts';
import { discardRun, findShim } from './run-folder.ts';

let rig: SandboxRig;
beforeEach(async () => {
  rig = await SandboxRig.make(1000);
});
afterEach(() => rig.remove());

it('a shim whose record is garbled is known by its console, and one whose console is unlinked by its descriptor', async () => {
  const spoils: readonly ((paths: RunPaths) => Promise<void>)[] = [
    ({ shimRecord }) => writeFile(shimRecord, '{"pid":'),
    ({ console }) => rm(console),
  ];
  for (const spoil of spoils) {
    const { paths, shim, ended } = await rig.sandbox();
    await spoil(paths);
    const found = await findShim(paths);
    assert.equal(found?.identity.pid, shim.pid);
    await discardRun(paths);
    await Promise.all([ended, found?.console.ended]);
    assert.equal(shim.signalCode, 'SIGKILL');
    assert.equal(await exists(paths.run), false);
    await discardRun(paths);
  }
});

it('a record that is not given out does not stand for a shim that is gone', async () => {
  const { paths, shim } = await rig.sandbox();
  await rm(paths.shimRecord);
  await mkdir(paths.shimRecord);
  await assert.rejects(discardRun(paths), { code: 'EISDIR' });
  assert.equal(await exists(paths.run), true);
  assert.equal(shim.exitCode ?? shim.signalCode, null);
});

it('nobody waits for ever for a process that outlives its SIGKILL', async () => {
  const { paths } = await rig.sandbox();
  const shim = await findShim(paths);
  assert.ok(shim !== undefined);
  await assert.rejects(endShim(shim.identity, new Promise(() => undefined), 50), {
    reason: 'DEADLINE',
    message: /was killed and does not end.*\/proc\/\d+\/stack/,
  });
  await shim.console.ended;
});
