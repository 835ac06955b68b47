import assert from 'node:assert/strict';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { OomFile } from './oom-watch.ts';

/** A file in place of the kernel's, which reports changes as that does. */
let file: string;
let base: string;
before(async () => {
  base = await mkdtemp(join(tmpdir(), 'a3s-oom-'));
  file = join(base, 'memory.events');
});
after(() => rm(base, { recursive: true }));

it('a kill is counted although its group is gone when somebody asks', async () => {
  await writeFile(file, 'low 0\noom 0\noom_kill 0\n');
  const oom = new OomFile(file);
  assert.equal(oom.kills(), 0);
  const watcher = watch(file);
  const told = once(watcher, 'change');
  // one change, as the kernel makes it
  await writeFile(file, 'low 0\noom 3\noom_kill 2\n', { flag: 'r+' });
  // it was the first to watch, and so is the first to be told
  await told;
  watcher.close();
  await rm(file);
  assert.equal(oom.kills(), 2);
  oom.end();
});

it('a group that is not there has lost nobody', async () => {
  const oom = new OomFile(join(base, 'absent', 'memory.events'));
  assert.equal(oom.kills(), 0);
  oom.end();
});
