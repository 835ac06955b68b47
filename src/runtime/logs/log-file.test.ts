import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { LogFile } from './log-file.ts';
import { START } from './log-position.ts';

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

  it('counts what stands beyond the recorded position', async () => {
    const path = join(dir, 'counted.log');
    await writeFile(path, LINE + LINE + PIECE);
    const file = await LogFile.open(path);
    assert.deepEqual(await file.position({ size: LINE.length, stdout: '6', stderr: '0' }), { stdout: 12n, stderr: 4n });
    await file.close();
  });

  it('cuts a torn last line off and does not count it', async () => {
    const path = join(dir, 'torn.log');
    await writeFile(path, LINE + LINE.slice(0, 20));
    const file = await LogFile.open(path);
    assert.deepEqual(await file.position(START), { stdout: 6n, stderr: 0n });
    await file.append([Buffer.from(PIECE)]);
    await file.close();
    assert.equal(await readFile(path, 'utf8'), LINE + PIECE);
  });

  it('trusts the record when the file was rotated away', async () => {
    const path = join(dir, 'rotated.log');
    const file = await LogFile.open(path);
    assert.deepEqual(await file.position({ size: 500, stdout: '100', stderr: '7' }), { stdout: 100n, stderr: 7n });
    await file.close();
  });

  it('names the path when it cannot be opened', async () => {
    await writeFile(join(dir, 'a-file'), '');
    await assert.rejects(LogFile.open(join(dir, 'a-file', 'x.log')), { reason: 'INVALID_REQUEST', message: /a-file/ });
  });
});
