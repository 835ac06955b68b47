import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { resources } from '../../testing/configs.ts';
import { containerRecord as record } from '../../testing/records.ts';
import { readRecord } from '../store/record-file.ts';
import { Container } from './container.ts';
import { type ContainerRecord, containerRecordSchema } from './container-record.ts';

const exited = (exitCode: number, oomKilled = false) => ({
  containerId: 'c1',
  exitCode,
  signal: 0,
  oomKilled,
  exitedAtNs: '9',
});

describe('Container', () => {
  let dir = '';
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'a3s-container-'));
  });
  after(() => rm(dir, { recursive: true }));
  const told: string[] = [];
  beforeEach(() => told.splice(0));
  const make = (over?: Partial<ContainerRecord>): Container =>
    new Container(record(over), join(dir, 'c1.json'), (type) => void told.push(type));

  const startError = { exitCode: 128, reason: 'StartError', message: '', finishedAt: '6' } as const;

  for (const [code, oom, reason] of [
    [0, false, 'Completed'],
    [3, false, 'Error'],
    [137, true, 'OOMKilled'],
  ] as const) {
    it(`that ends with ${code} is ${reason}, on disk before anyone is told`, async () => {
      const container = make({ state: 'RUNNING' });
      void container.markExited(exited(code, oom));
      await container.ended;
      const saved = await readRecord(join(dir, 'c1.json'), containerRecordSchema);
      assert.deepEqual([saved.state, saved.exitCode, saved.reason, saved.finishedAt], ['EXITED', code, reason, '9']);
    });
  }

  it('stays EXITED when the answer to its start comes after its end', async () => {
    const container = make();
    await container.markExited(exited(0));
    await container.markStarted('5');
    assert.equal(container.view().state, 'EXITED');
    assert.equal(container.view().startedAt, '5');
  });

  it('shows new limits once they are recorded, and the old ones if that fails', async () => {
    const container = make();
    await container.setResources(resources({ memoryLimitBytes: 5 }));
    const saved = await readRecord(join(dir, 'c1.json'), containerRecordSchema);
    assert.equal(saved.config.resources?.memoryLimitBytes, 5);
    const lost = new Container(record(), join(dir, 'no-such-folder', 'c1.json'));
    await assert.rejects(lost.setResources(resources({ memoryLimitBytes: 5 })));
    assert.equal(lost.view().config.resources, undefined);
  });

  it('reads records from before image volumes', () => {
    const { volumeImages: _, config, ...old } = record();
    const { devices: __, ...oldConfig } = config;
    assert.deepEqual(containerRecordSchema.parse({ ...old, config: oldConfig }), record());
  });

  it('is told of as STARTED, then as STOPPED, whichever of answer and event comes first', async () => {
    const ordinary = make();
    await ordinary.markStarted('5');
    await ordinary.markExited(exited(0));
    assert.deepEqual(told.splice(0), ['STARTED', 'STOPPED']);
    const overtaken = make();
    await overtaken.markExited(exited(0));
    await overtaken.markStarted('5');
    assert.deepEqual(told.splice(0), ['STARTED', 'STOPPED']);
    const both = make();
    await Promise.all([both.markStarted('5'), both.markExited(exited(0))]);
    assert.deepEqual(told, ['STARTED', 'STOPPED']);
  });

  it('that could not be started, or was lost, is only told of as STOPPED', async () => {
    await make().end(startError);
    assert.deepEqual(told.splice(0), ['STOPPED']);
    // taken up by a new daemon: its start was told by the old one
    await make({ state: 'RUNNING' }).markExited(exited(0));
    assert.deepEqual(told, ['STOPPED']);
  });

  it('whose start was taken back never ran, whenever the guest reports what was killed', async () => {
    const container = make();
    const killing = Promise.withResolvers<void>();
    const back = container.takeBack(killing.promise);
    const early = container.markExited(exited(137));
    killing.resolve();
    await back;
    await container.end(startError);
    await Promise.all([early, container.markExited(exited(137))]);
    assert.deepEqual([container.view().exitCode, told], [128, ['STOPPED']]);
  });

  it('whose start could not be taken back ends as the guest reports', async () => {
    const container = make();
    const killing = Promise.withResolvers<void>();
    const back = container.takeBack(killing.promise);
    const early = container.markExited(exited(3));
    killing.reject(new Error('no answer'));
    await assert.rejects(back, /no answer/);
    await early;
    assert.deepEqual([container.view().exitCode, told], [3, ['STARTED', 'STOPPED']]);
  });

  it('has no log to reopen unless it runs', async () => {
    for (const state of ['CREATED', 'EXITED', 'RUNNING'] as const) {
      await assert.rejects(make({ state }).reopenLog(), { reason: 'CONTAINER_STATE' });
    }
  });

  it('has ended although that could not be recorded; whoever asks for its end again records it', async () => {
    const path = join(dir, 'full', 'c1.json');
    const container = new Container(record({ state: 'RUNNING' }), path, (type) => void told.push(type));
    await assert.rejects(container.markExited(exited(3)), { code: 'ENOENT' });
    await container.ended;
    assert.equal(container.view().state, 'EXITED');
    assert.deepEqual(told, ['STOPPED']);
    const lost = { exitCode: 255, reason: 'Unknown', message: 'lost', finishedAt: '10' } as const;
    await assert.rejects(container.end(lost), { code: 'ENOENT' });
    await mkdir(join(dir, 'full'));
    await container.end(lost);
    const saved = await readRecord(path, containerRecordSchema);
    assert.deepEqual([saved.state, saved.exitCode, told], ['EXITED', 3, ['STOPPED']]);
  });

  it('that is forgotten is written and told of no more, whatever still comes', async () => {
    const path = join(dir, 'c1.json');
    const container = make({ state: 'RUNNING' });
    await container.save();
    const writes = [container.save(), container.forget(), container.markExited(exited(0)), container.save()];
    await Promise.all(writes);
    await container.setResources(resources({ memoryLimitBytes: 5 }));
    await container.ended;
    assert.deepEqual([container.view().state, existsSync(path), told], ['EXITED', false, []]);
  });

  it('keeps its first end', async () => {
    const container = make({ state: 'RUNNING' });
    const ends = [
      container.markExited(exited(3)),
      container.end({ exitCode: 255, reason: 'Unknown', message: 'lost', finishedAt: '10' }),
    ];
    await Promise.all(ends);
    assert.equal(container.view().exitCode, 3);
  });
});
