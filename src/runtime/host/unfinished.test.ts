import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'node:test';
import type { Log } from '../log.ts';
import { installGuestInit } from './install-guest-init.ts';
import { openTokenKey } from './token-key.ts';
import { removeUnfinished } from './unfinished.ts';

let root = '';
const lines: string[] = [];
const warn: Log['warn'] = ({ kind, name }, message) => void lines.push(`${message} ${String(kind)} ${String(name)}`);
const log: Log = { debug: warn, info: warn, warn, error: warn };
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'a3s-unfinished-'));
  lines.length = 0;
});
afterEach(() => rm(root, { recursive: true }));

it('what a daemon was writing when it was killed goes at the next start, with a line each; what is whole stays', async () => {
  const token = (await openTokenKey(root))('sandbox');
  const init = join(root, 'program');
  await writeFile(init, 'a program');
  const installed = await installGuestInit(root, init);
  await mkdir(join(root, 'templates'));
  await writeFile(join(root, 'templates', 'scratch-1.ext4'), '');
  const unfinished = ['token-key.tmp', 'token-key.17', 'templates/scratch-2.ext4.tmp'].map((name) => join(root, name));
  unfinished.push(`${installed}.tmp`, `${installed}.4711`);
  const before = await readdir(root, { recursive: true });
  for (const path of unfinished) await writeFile(path, 'half');

  await removeUnfinished(root, log);
  assert.deepEqual(lines.toSorted(), unfinished.map((path) => `leftover removed unfinished file ${path}`).toSorted());
  assert.deepEqual(await readdir(root, { recursive: true }), before);
  assert.equal((await openTokenKey(root))('sandbox'), token);
});

it('a folder in which nothing has been made has nothing to remove', async () => {
  await removeUnfinished(root, log);
  assert.deepEqual(lines, []);
});

it('a first start after one that was killed while it made the key makes it, whatever the pids of both', async () => {
  for (const half of ['token-key.tmp', `token-key.${process.pid}`]) await writeFile(join(root, half), 'half');
  const token = (await openTokenKey(root))('sandbox');
  assert.equal((await openTokenKey(root))('sandbox'), token);
});
