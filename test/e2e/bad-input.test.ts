import assert from 'node:assert/strict';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Crictl } from './harness/crictl.ts';
import { Daemon, type Folders, makeFolders, removeFolders } from './harness/daemon.ts';
import { leftovers } from './harness/leftovers.ts';
import { run } from './harness/run.ts';
import { DAEMON } from './harness/settings.ts';
import { useWorld } from './harness/suite.ts';

const world = useWorld([]);

describe('a daemon that cannot start says why in one sentence', () => {
  const start = (...args: readonly string[]): ReturnType<typeof run> => run(DAEMON, args);
  const own = (): string[] => {
    const { root, state, registryConfig } = world().folders;
    return ['--root', `${root}-2`, '--state', `${state}-2`, '--registry-config', registryConfig];
  };

  it('an unknown key in the configuration', async () => {
    const file = join(world().folders.base, 'unknown.toml');
    await writeFile(file, 'listne = "unix:///run/x.sock"\n');
    const { code, stderr } = await start('--config', file, ...own());
    assert.equal(code, 1);
    assert.match(stderr, /listne/);
    assert.match(stderr, /unknown\.toml/);
    assert.doesNotMatch(stderr, /\n\s+at /);
  });

  it('a configuration file that is not there', async () => {
    const { code, stderr } = await start('--config', '/no/such/config.toml', ...own());
    assert.equal(code, 1);
    assert.match(stderr, /\/no\/such\/config\.toml/);
  });

  it('a socket another daemon serves', async () => {
    const { code, stderr } = await start('--listen', `unix://${world().folders.socket}`, ...own());
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(world().folders.socket));
    await world().crictl.ok('version');
  });

  it('folders another daemon owns', async () => {
    const { folders } = world();
    const args = ['--root', folders.root, '--state', folders.state, '--listen', `unix://${folders.base}/other.sock`];
    const { code, stderr } = await start(...args);
    assert.equal(code, 1);
    assert.match(stderr, /another|already|taken|in use/);
    await world().crictl.ok('version');
  });

  it('a socket path that is too long', async () => {
    const { code, stderr } = await start('--listen', `unix:///tmp/${'x'.repeat(120)}.sock`, ...own());
    assert.equal(code, 1);
    assert.match(stderr, /107/);
  });

  it('the socket is for root and its group only', async () => {
    const { mode } = await stat(world().folders.socket);
    assert.equal(mode & 0o777, 0o660);
  });

  it('prints its configuration, and reads back what it printed', async () => {
    const { code, stdout } = await start('config', 'dump', '--root', '/somewhere');
    assert.equal(code, 0);
    assert.match(stdout, /root = "\/somewhere"/);
    const file = join(world().folders.base, 'dumped.toml');
    await writeFile(file, stdout);
    assert.equal((await start('config', 'dump', '--config', file)).stdout, stdout);
  });
});

describe('a host that lacks something: the daemon serves and Status tells', () => {
  async function withConfig(toml: string, check: (crictl: Crictl, folders: Folders) => Promise<void>): Promise<void> {
    const folders = await makeFolders(world().registry.address);
    const file = join(folders.base, 'config.toml');
    await writeFile(file, toml);
    const daemon = await Daemon.start(folders, ['--config', file]);
    try {
      await check(new Crictl(folders), folders);
    } finally {
      assert.equal(await daemon.stop(), 0, daemon.log());
    }
    assert.deepEqual(await leftovers(folders), []);
    await removeFolders(folders);
  }

  it('no guest kernel', async () => {
    await withConfig('kernel = "/no/such/kernel"\n', async (crictl) => {
      assert.match(await crictl.ok('info'), /\/no\/such\/kernel/);
      await assert.rejects(crictl.runPod('nokernel'), /\/no\/such\/kernel/);
      assert.equal(await crictl.ok('pods', '-q'), '');
    });
  });

  it('a libkrun that is none', async () => {
    const folders = world().folders;
    await mkdir(join(folders.base, 'lib'), { recursive: true });
    const fake = join(folders.base, 'lib', 'libkrun.so');
    await writeFile(fake, 'no library');
    await withConfig(`libkrun = "${fake}"\n`, async (crictl) => {
      await assert.rejects(crictl.runPod('nolib'), /libkrun/);
      assert.equal(await crictl.ok('pods', '-q'), '');
    });
  });

  it('a guest-init that is none: the boot fails, the console is quoted, nothing is left', async () => {
    const fake = join(world().folders.base, 'init');
    await writeFile(fake, '#!/bin/nothing\n', { mode: 0o755 });
    await withConfig(`guest_init = "${fake}"\n`, async (crictl, folders) => {
      await assert.rejects(crictl.runPod('noinit'), /console: .*(init|panic)/);
      assert.deepEqual(await leftovers(folders), []);
    });
  });

  it('a guest that is not ready in time: what its VMM did meanwhile is told, nothing is left', async () => {
    await withConfig('boot_timeout = "50ms"\n', async (crictl, folders) => {
      await assert.rejects(
        crictl.runPod('late'),
        /not ready after 0\.05 s, in which its VMM used \d+\.\d s of processor time, \d+\.\d s of it in the guest/,
      );
      assert.deepEqual(await leftovers(folders), []);
    });
  });
});
