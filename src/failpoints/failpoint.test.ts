import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { disableFailpoints, enableFailpoints, failpoint } from './failpoint.ts';
import { allFailpoints } from './table.ts';

const SRC = fileURLToPath(new URL('..', import.meta.url));
const HIT = /\bfailpoint\('([^']+)'\)/g;

describe('failpoints', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'a3s-failpoints-'));
  });
  afterEach(async () => {
    disableFailpoints();
    await rm(folder, { recursive: true });
  });
  const arm = (name: string, action: string): Promise<void> => writeFile(join(folder, name), action);

  it('stand in the source once each, all of the table and no others', () => {
    const sources = globSync('**/*.ts', { cwd: SRC }).filter((path) => !path.endsWith('.test.ts'));
    const hits = sources.flatMap((path) =>
      [...readFileSync(join(SRC, path), 'utf8').matchAll(HIT)].map(([, name = '']) => name),
    );
    assert.deepEqual(hits.toSorted(), allFailpoints.toSorted());
  });

  it('do nothing, and take no file away, until they are turned on', async () => {
    await arm('run.recorded', 'error');
    assert.equal(failpoint('run.recorded'), undefined);
    assert.deepEqual(await readdir(folder), ['run.recorded']);
  });

  it('fail once', async () => {
    await enableFailpoints(folder);
    await arm('run.recorded', 'error');
    await failpoint('run.guest-ready');
    await assert.rejects(failpoint('run.recorded') ?? Promise.resolve(), { message: 'failpoint run.recorded' });
    await failpoint('run.recorded');
    assert.deepEqual(await readdir(folder), []);
  });

  it('fire for one of two who come at once', async () => {
    await enableFailpoints(folder);
    await arm('run.recorded', 'error');
    const outcomes = await Promise.allSettled([failpoint('run.recorded'), failpoint('run.recorded')]);
    assert.deepEqual(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  });

  it('delay', async () => {
    await enableFailpoints(folder);
    await arm('run.recorded', 'delay:30');
    const started = performance.now();
    await failpoint('run.recorded');
    assert.ok(performance.now() - started >= 29);
  });

  it('refuse an unknown name at the start and at the next step, and an unknown action', async () => {
    await arm('run.nowhere', 'error');
    await assert.rejects(enableFailpoints(folder), {
      reason: 'CONFIG_INVALID',
      message: /run\.nowhere is no failpoint/,
    });
    assert.equal(failpoint('run.recorded'), undefined);
    await rm(join(folder, 'run.nowhere'));
    await enableFailpoints(folder);
    await arm('run.nowhere', 'error');
    await assert.rejects(failpoint('run.recorded') ?? Promise.resolve(), /run\.nowhere is no failpoint/);
    await rm(join(folder, 'run.nowhere'));
    await arm('run.recorded', 'explode');
    await assert.rejects(failpoint('run.recorded') ?? Promise.resolve(), /cannot do "explode"/);
  });

  it('refuse a folder that is not there', async () => {
    await assert.rejects(enableFailpoints(join(folder, 'absent')), { reason: 'CONFIG_INVALID', message: /ENOENT/ });
  });
});
