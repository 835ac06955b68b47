import assert from 'node:assert/strict';
import { mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { LogFile } from './log-file.ts';
import { type LogPosition, START } from './log-position.ts';

const LINE = '2016-09-21T00:00:00.669794202Z stdout F hello\n';
const PIECE = '2016-09-21T00:00:00.669794202Z stderr P part\n';

describe('LogFile', () => {
  let dir = '';
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'a3s-log-'));
  });
  after(() => rm(dir, { recursive: true }));

  it('makes missing folders and appends', async () => {
    const file = await LogFile.open(join(dir, 'pod', 'c', '0.log'));
    await file.append([Buffer.from(LINE), Buffer.from(PIECE)]);
    await file.close();
    assert.equal(await readFile(file.path, 'utf8'), LINE + PIECE);
    assert.equal(file.size, LINE.length + PIECE.length);
  });

  /** Opens the log as a restarted daemon does; where its streams stand. */
  async function offsetsIn(path: string, recorded: LogPosition): Promise<readonly [bigint, bigint]> {
    const { file, offsets } = await LogFile.resume(path, recorded);
    await file.close();
    return [offsets.stdout, offsets.stderr];
  }

  async function identityOf(path: string): Promise<string> {
    const file = await LogFile.open(path);
    await file.close();
    return file.identity;
  }

  it('counts what stands beyond the recorded position', async () => {
    const path = join(dir, 'counted.log');
    await writeFile(path, LINE + LINE + PIECE);
    const recorded = { file: await identityOf(path), size: LINE.length, stdout: '6', stderr: '0' };
    assert.deepEqual(await offsetsIn(path, recorded), [12n, 4n]);
    assert.deepEqual(await offsetsIn(path, { ...recorded, file: '' }), [12n, 4n]);
  });

  it('counts files of any size', async () => {
    const path = join(dir, 'large.log');
    await writeFile(path, LINE.repeat(20_000));
    assert.deepEqual(await offsetsIn(path, START), [120_000n, 0n]);
  });

  it('cuts a torn last line off and does not count it', async () => {
    const path = join(dir, 'torn.log');
    await writeFile(path, LINE + LINE.slice(0, 20));
    const { file, offsets } = await LogFile.resume(path, START);
    assert.equal(offsets.stdout, 6n);
    await file.append([Buffer.from(PIECE)]);
    await file.close();
    assert.equal(await readFile(path, 'utf8'), LINE + PIECE);
  });

  it('finds the file that was rotated away and counts it too, and what took its place', async () => {
    const path = join(dir, 'rotated.log');
    await writeFile(path, LINE + LINE + PIECE + LINE.slice(0, 9));
    const recorded = { file: await identityOf(path), size: LINE.length, stdout: '100', stderr: '7' };
    await rename(path, `${path}.20160921-000000`);
    assert.deepEqual(await offsetsIn(path, recorded), [106n, 11n]);
    assert.equal(await readFile(`${path}.20160921-000000`, 'utf8'), LINE + LINE + PIECE);
    await writeFile(path, PIECE);
    assert.deepEqual(await offsetsIn(path, recorded), [106n, 15n]);
  });

  it('trusts the record when the rotated file is gone, or was emptied in its place', async () => {
    const path = join(dir, 'gone.log');
    const recorded = { file: '1:2', size: 500, stdout: '100', stderr: '7' };
    assert.deepEqual(await offsetsIn(path, recorded), [100n, 7n]);
    assert.deepEqual(await offsetsIn(path, { ...recorded, file: await identityOf(path) }), [100n, 7n]);
  });

  it('sees that it was emptied in its place', async () => {
    const file = await LogFile.open(join(dir, 'emptied.log'));
    await file.append([Buffer.from(LINE)]);
    await truncate(file.path);
    await file.measure();
    assert.equal(file.size, 0);
    await file.close();
  });

  it('names the path when it cannot be opened', async () => {
    await writeFile(join(dir, 'a-file'), '');
    await assert.rejects(LogFile.open(join(dir, 'a-file', 'x.log')), { reason: 'INVALID_REQUEST', message: /a-file/ });
  });
});
