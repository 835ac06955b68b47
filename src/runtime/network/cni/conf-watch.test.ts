import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { watchConfigurations } from './conf-watch.ts';

const warnings: unknown[] = [];
const log = {
  info: () => undefined,
  debug: () => undefined,
  error: () => undefined,
  warn: (facts: object) => void warnings.push(facts),
};
let base: string;
before(async () => {
  base = await mkdtemp(join(tmpdir(), 'a3s-conf-watch-'));
});
after(() => rm(base, { recursive: true }));

it('a change in a folder that was not there is told; those that come during a look are one more', async () => {
  const dir = join(base, 'net.d');
  let looks = 0;
  let begun = Promise.withResolvers<void>();
  let done = Promise.withResolvers<void>();
  const end = await watchConfigurations(
    dir,
    async () => {
      looks += 1;
      begun.resolve();
      await done.promise;
    },
    log,
  );
  assert.ok((await stat(dir)).isDirectory());
  await writeFile(join(base, 'new'), 'content');
  await rename(join(base, 'new'), join(dir, '10-a.conflist'));
  await begun.promise;

  const held = done;
  begun = Promise.withResolvers();
  done = Promise.withResolvers();
  for (const name of ['b', 'c', 'd']) await writeFile(join(dir, name), name);
  // their events are in the kernel's queue by now, and come before this file's
  assert.equal(looks, 1);
  held.resolve();
  await begun.promise;
  done.resolve();
  end();
  assert.ok(looks >= 2 && looks < 6, `${looks} looks`);
  assert.deepEqual(warnings, []);
});

it('a folder that cannot be made is said, and no more', async () => {
  const file = join(base, 'file');
  await writeFile(file, '');
  const end = await watchConfigurations(join(file, 'net.d'), async () => undefined, log);
  end();
  assert.equal(warnings.length, 1);
});
