import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { identify, type ShimIdentity } from '../../shim/identity.ts';
import { MountSpace } from './mount-space.ts';

const root = process.getuid?.() === 0;

describe('MountSpace', { skip: root ? false : 'needs root: real mounts are made' }, () => {
  let dir = '';
  let vmm: ChildProcess;
  let identity: ShimIdentity;

  beforeEach(async () => {
    dir = await mkdtemp(`${tmpdir()}/a3s-space-`);
    const script = 'echo made; exec sleep 600';
    vmm = spawn('unshare', ['--mount', '--propagation', 'slave', '--', 'sh', '-c', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    assert.ok(vmm.stdout);
    await once(vmm.stdout, 'data');
    const found = identify(vmm.pid ?? 0);
    assert.ok(found);
    identity = found;
  });
  afterEach(async () => {
    await end();
    await rm(dir, { recursive: true });
  });

  async function end(): Promise<void> {
    if (vmm.signalCode !== null) return;
    const exited = once(vmm, 'exit');
    vmm.kill('SIGKILL');
    await exited;
  }

  const tmpfs = () => ['-t', 'tmpfs', 'a3s-test', dir];

  it('mounts in the VMM’s namespace, and keeps nothing of it open', async () => {
    const space = new MountSpace(identity);
    await space.mount(tmpfs());
    assert.deepEqual(await space.mountsBelow(dir), [dir]);
    await space.unmount(dir);
    assert.deepEqual(await space.mountsBelow(dir), []);
    const links = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''));
    assert.deepEqual(
      (await Promise.all(links)).filter((link) => link.startsWith('mnt:')),
      [],
    );
  });

  it('leaves another process alone that was given the VMM’s pid', async () => {
    const other = new MountSpace(identity);
    const gone = new MountSpace({ ...identity, startTime: '1' });
    await assert.rejects(gone.mount(tmpfs()), { reason: 'GUEST_GONE' });
    assert.deepEqual(await other.mountsBelow(dir), []);
    await other.mount(tmpfs());
    assert.deepEqual(await gone.mountsBelow(dir), []);
    await gone.unmount(dir);
    assert.deepEqual(await other.mountsBelow(dir), [dir]);
  });

  it('of a VMM that has ended has no mounts, nothing to unmount, and takes none', async () => {
    const space = new MountSpace(identity);
    await end();
    assert.deepEqual(await space.mountsBelow(dir), []);
    await space.unmount(dir);
    await assert.rejects(space.mount(tmpfs()), { reason: 'GUEST_GONE' });
  });
});
