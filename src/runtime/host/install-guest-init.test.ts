import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'node:test';
import { installGuestInit } from './install-guest-init.ts';

let base = '';
let source = '';
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'a3s-guest-init-'));
  source = join(base, 'init');
  await writeFile(source, 'a program');
});
afterEach(() => rm(base, { recursive: true }));

it('each content has a file of its own, which anybody may execute and nobody write', async () => {
  const first = await installGuestInit(base, source);
  await writeFile(source, 'another program');
  const second = await installGuestInit(base, source);
  assert.notEqual(first, second);
  assert.deepEqual([await readFile(first, 'utf8'), await readFile(second, 'utf8')], ['a program', 'another program']);
  assert.equal((await stat(first)).mode & 0o777, 0o555);
  assert.equal((await readdir(join(base, 'guest'))).length, 2);
});

it('one that is there stays the file it is; one that a power loss has emptied is made again', async () => {
  const target = await installGuestInit(base, source);
  const { ino } = await stat(target);
  assert.equal(await installGuestInit(base, source), target);
  assert.equal((await stat(target)).ino, ino);
  await chmod(target, 0o755);
  await writeFile(target, '');
  assert.equal(await installGuestInit(base, source), target);
  assert.equal(await readFile(target, 'utf8'), 'a program');
});
