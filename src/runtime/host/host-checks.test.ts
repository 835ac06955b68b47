import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'node:test';
import { HostChecks } from './host-checks.ts';

let base = '';
let checks: HostChecks;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'a3s-host-checks-'));
  for (const name of ['libkrun.so', 'libkrunfw.so.5', 'init']) await writeFile(join(base, name), '');
  const parts = { libkrun: join(base, 'libkrun.so'), kernelDir: base, shimBundle: join(base, 'shim.cjs') };
  checks = new HostChecks(parts, join(base, 'init'));
});
afterEach(() => rm(base, { recursive: true }));

/** What the shim does when it is asked whether libkrun can be used. */
const shim = (body: string): Promise<void> => writeFile(join(base, 'shim.cjs'), body);
const answer = (problem: string): string => `console.log(${JSON.stringify(JSON.stringify({ problem }))})`;

async function libkrunProblem(): Promise<string> {
  const found = (await checks.run()).find(({ name }) => name === 'libkrun');
  assert.ok(found !== undefined);
  return found.problem;
}

it('a libkrun that could not be loaded is tried again: the reason may have passed', async () => {
  await shim('process.kill(process.pid, "SIGKILL")');
  assert.match(await libkrunProblem(), /^libkrun .*libkrun\.so cannot be loaded: /);
  await shim(answer('no such symbol'));
  assert.match(await libkrunProblem(), /cannot be used: no such symbol$/);
  await shim(answer(''));
  assert.equal(await libkrunProblem(), '');
});

it('one that could is not, until its file is another', async () => {
  await shim(answer(''));
  assert.deepEqual([await libkrunProblem(), await libkrunProblem()], ['', '']);
  await shim(answer('not asked'));
  assert.equal(await libkrunProblem(), '');
  await rm(join(base, 'libkrun.so'));
  await writeFile(join(base, 'libkrun.so'), 'new');
  assert.match(await libkrunProblem(), /not asked$/);
});
