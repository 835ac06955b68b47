import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { containerRecord, sandboxRecord } from '../../testing/records.ts';
import { standInVm } from '../../testing/stand-in-vm.ts';
import { NO_OOM } from '../cgroup/oom-watch.ts';
import { Container } from '../container/container.ts';
import { containerRecordSchema } from '../container/container-record.ts';
import { EventHub } from '../events/event-hub.ts';
import { containerRecordPath, type SandboxPaths, sandboxPaths } from '../paths.ts';
import { readRecord } from '../store/record-file.ts';
import { Sandbox } from './sandbox.ts';
import { sandboxRecordSchema } from './sandbox-record.ts';

const ID = 'ab'.repeat(32);
const CONTAINER = 'cd'.repeat(32);
const cgroups = { watchOom: () => NO_OOM };

describe('the end of a sandbox', () => {
  let dir = '';
  let paths: SandboxPaths;
  let sandbox: Sandbox;
  let container: Container;
  const told: string[] = [];
  let unrecorded = Promise.withResolvers<void>();

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'a3s-sandbox-'));
    paths = sandboxPaths(dir, join(dir, 'state'), ID);
    told.splice(0);
    unrecorded = Promise.withResolvers();
    const events = new EventHub();
    events.publish = ({ id, type }) => void told.push(`${type} ${id}`);
    const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined };
    const error = (_: unknown, message: string): void => {
      if (message === 'the end of a VM was not recorded') unrecorded.resolve();
    };
    sandbox = new Sandbox(sandboxRecord({ id: ID }), paths, events, { ...silent, error });
    const record = containerRecord({ id: CONTAINER, sandboxId: ID, state: 'RUNNING' });
    container = new Container(record, containerRecordPath(paths, CONTAINER), (type) => sandbox.tell(type, CONTAINER));
    sandbox.containers.set(CONTAINER, container);
  });
  afterEach(() => rm(dir, { recursive: true }));

  const ended = [`STOPPED ${CONTAINER}`, `STOPPED ${ID}`];
  const onDisk = async () => [
    (await readRecord(paths.record, sandboxRecordSchema)).state,
    (await readRecord(containerRecordPath(paths, CONTAINER), containerRecordSchema)).state,
  ];

  it('is shown and told although it cannot be recorded, and is recorded when it can be', async () => {
    // the folder of the records is missing, as if the disk were full
    await assert.rejects(sandbox.markNotReady('first'), { code: 'ENOENT' });
    assert.deepEqual([sandbox.view().state, container.view().state], ['NOTREADY', 'EXITED']);
    assert.deepEqual(told, ended);
    await container.ended;
    await assert.rejects(sandbox.markNotReady('second'), { code: 'ENOENT' });
    await mkdir(paths.containers, { recursive: true });
    await sandbox.markNotReady('third');
    assert.deepEqual(await onDisk(), ['NOTREADY', 'EXITED']);
    assert.equal((await readRecord(paths.record, sandboxRecordSchema)).reason, 'first');
    assert.deepEqual(told, ended);
  });

  it('of its VM that could not be recorded does not keep it from being stopped', async () => {
    const { vm, process } = await standInVm(paths);
    sandbox.hold(vm, cgroups);
    process.kill('SIGKILL');
    await unrecorded.promise;
    assert.equal(sandbox.view().reason, 'the VM ended unexpectedly; console: was here');
    await mkdir(paths.containers, { recursive: true });
    await sandbox.stopVm('stopped');
    assert.deepEqual(await onDisk(), ['NOTREADY', 'EXITED']);
    assert.deepEqual(told, ended);
  });

  it('is recorded by one writer at a time', async () => {
    await mkdir(paths.containers, { recursive: true });
    await Promise.all(Array.from({ length: 20 }, () => sandbox.save()));
    await Promise.all([sandbox.save(), sandbox.markNotReady('stopped'), sandbox.save()]);
    assert.deepEqual(await onDisk(), ['NOTREADY', 'EXITED']);
    assert.ok(!existsSync(`${paths.record}.tmp`));
  });
});
