import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import type { Pod } from './harness/crictl.ts';
import { useWorld } from './harness/suite.ts';

describe('bind mounts', () => {
  const world = useWorld();
  let pod: Pod;
  let dir = '';

  before(async () => {
    dir = join(world().folders.base, 'volume');
    await mkdir(join(dir, 'below'), { recursive: true });
    await writeFile(join(dir, 'below', 'file'), 'from the host\n');
    pod = await world().crictl.runPod('mounts');
  });

  const mount = (container: string, host: string, readonly = false) => ({
    container_path: container,
    host_path: host,
    readonly,
  });

  it('of a folder are read and written on both sides', async () => {
    const { crictl } = world();
    const status = await crictl.finish(pod, {
      name: 'rw',
      command: [
        'sh',
        '-c',
        'cat /data/below/file; echo from the guest > /data/made; mkdir /data/folder; chown 33:33 /data/made',
      ],
      config: { mounts: [mount('/data', dir)] },
    });
    assert.equal(await crictl.ok('logs', status.id), 'from the host');
    assert.equal(status.exitCode, 0);
    assert.equal(await readFile(join(dir, 'made'), 'utf8'), 'from the guest\n');
  });

  it('that are read-only cannot be written, not even after a remount by a privileged container', async () => {
    const { crictl } = world();
    const privileged = { linux: { security_context: { privileged: true } } };
    const vm = await crictl.runPod('privileged', privileged);
    const script =
      'touch /data/x || echo refused; mount -o remount,rw /data; touch /data/x || echo refused; cat /data/below/file';
    const status = await crictl.finish(vm, {
      name: 'ro',
      command: ['sh', '-c', script],
      config: { ...privileged, mounts: [mount('/data', dir, true)] },
    });
    const { stdout } = await crictl.try('logs', status.id);
    assert.equal(stdout, 'refused\nrefused\nfrom the host\n');
    await assert.rejects(readFile(join(dir, 'x')), { code: 'ENOENT' });
    await crictl.removePod(vm);
  });

  it('of a single file are live', async () => {
    const { crictl } = world();
    const file = join(dir, 'single');
    await writeFile(file, 'one');
    const id = await crictl.start(pod, {
      name: 'file',
      command: ['sh', '-c', 'echo two > /etc/single; sleep 1000'],
      config: { mounts: [mount('/etc/single', file), mount('/etc/hosts', join(dir, 'below', 'file'), true)] },
    });
    assert.equal(await crictl.exec(id, 'cat', '/etc/single', '/etc/hosts'), 'two\nfrom the host');
    assert.equal(await readFile(file, 'utf8'), 'two\n');
    await crictl.ok('rm', '-f', id);
  });

  it('show in the container’s status as they were asked for', async () => {
    const { crictl } = world();
    const id = await crictl.create(pod, {
      name: 'shown',
      command: ['true'],
      config: { mounts: [mount('/data', dir, true)] },
    });
    const status = JSON.stringify(await crictl.status(id));
    assert.match(status, /"containerPath":"\/data"/);
    assert.match(status, /"readonly":true/);
    await crictl.ok('rm', id);
  });
});
