import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { z } from 'zod';
import { deleteRecord, readRecord, UNFINISHED, writeRecord } from './record-file.ts';

const schema = z.object({ version: z.literal(1), name: z.string() });

describe('record files', () => {
  let dir = '';
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'a3s-record-'));
  });
  after(() => rm(dir, { recursive: true }));

  it('come back as they were written, readable by root only, with nothing beside them', async () => {
    const path = join(dir, 'a.json');
    await writeRecord(path, { version: 1, name: 'x' });
    await writeRecord(path, { version: 1, name: 'y' });
    assert.deepEqual(await readRecord(path, schema), { version: 1, name: 'y' });
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(dir), ['a.json']);
    await deleteRecord(path);
    await deleteRecord(path);
    assert.deepEqual(await readdir(dir), []);
  });

  it('are deleted with what a daemon that died while it wrote them left', async () => {
    const path = join(dir, 'half.json');
    for (const before of [false, true]) {
      if (before) await writeRecord(path, { version: 1, name: 'x' });
      await writeFile(path + UNFINISHED, '{"versi');
      await deleteRecord(path);
      assert.deepEqual(await readdir(dir), []);
    }
  });

  it('are not called invalid when it is the disk that does not give them out', async () => {
    await assert.rejects(readRecord(join(dir, 'none.json'), schema), { code: 'ENOENT' });
    await assert.rejects(readRecord(dir, schema), { code: 'EISDIR' });
  });

  for (const [what, content] of [
    ['half a record', '{"version":1,"na'],
    ['another version', '{"version":2,"name":"x"}'],
    ['nothing', ''],
  ] as const) {
    it(`name the path of ${what}`, async () => {
      const path = join(dir, 'bad.json');
      await writeFile(path, content);
      await assert.rejects(readRecord(path, schema), { reason: 'RECORD_INVALID', message: /bad\.json/ });
    });
  }
});
