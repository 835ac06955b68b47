import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readMountsBelow } from '../../src/runtime/share/mount-table.ts';
import { type Pod, until } from './harness/crictl.ts';
import { shims } from './harness/leftovers.ts';
import { run } from './harness/run.ts';
import { BUSYBOX } from './harness/settings.ts';
import { useWorld } from './harness/suite.ts';

const HOST_TO_CONTAINER = 1;
const PRIVILEGED = { linux: { security_context: { privileged: true } } };

interface MountRequest {
  readonly container_path: string;
  readonly host_path?: string;
  readonly readonly?: boolean;
  readonly recursive_read_only?: boolean;
  readonly propagation?: number;
  readonly selinux_relabel?: boolean;
  readonly image?: { readonly image: string };
  readonly image_sub_path?: string;
}

/** Two layers: busybox, and one with the file `/test`. */
const LAYERED = 'gcr.io/k8s-staging-cri-tools/test-image-tag:test';
const world = useWorld([BUSYBOX, LAYERED]);

/** Not below the daemon's folders: it may hold mounts until the world has ended. */
let dir = '';
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'a3s-e2e-mounts-'));
});
after(async () => {
  // one at a time: a shared mount takes its peers with it
  for (let points = await readMountsBelow(dir); points.length > 0; points = await readMountsBelow(dir)) {
    await host('umount', '--lazy', points.at(-1) ?? '');
  }
  await rm(dir, { recursive: true });
});

async function host(command: string, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await run(command, args);
  assert.equal(code, 0, `${command} ${args.join(' ')}: ${stderr}`);
}

/** What a change on either side may take to be seen on the other: virtiofs' 5 s, and the time to look. */
const SEEN_WITHIN_MS = 15_000;
async function soon(what: string, isSo: () => Promise<boolean>): Promise<void> {
  await until(what, async () => (await isSo()) || undefined, SEEN_WITHIN_MS);
}

/** A folder below `dir` with one file in it. */
async function folder(name: string, content = `${name}\n`): Promise<string> {
  const path = join(dir, name);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'file'), content);
  return path;
}

describe('bind mounts', () => {
  let pod: Pod;

  before(async () => {
    pod = await world().crictl.runPod('mounts', PRIVILEGED);
  });

  /** What a container with these mounts prints; it is privileged, so that nothing but the mounts themselves holds it back. */
  async function output(name: string, mounts: readonly MountRequest[], script: string): Promise<readonly string[]> {
    const { crictl } = world();
    const config = { ...PRIVILEGED, mounts };
    const { id, exitCode } = await crictl.finish(pod, { name, command: ['sh', '-c', script], config });
    const { stdout, stderr } = await crictl.try('logs', id);
    assert.equal(exitCode, 0, stderr);
    return stdout.trimEnd().split('\n');
  }

  it('of folders, files, links and what is not there, over and beside what the image has', async () => {
    const data = await folder('data');
    await mkdir(join(data, 'inner'));
    await symlink(data, join(dir, 'link'));
    const mounts = [
      { container_path: '/data', host_path: data },
      { container_path: '/data/inner', host_path: await folder('inner') },
      { container_path: '/link', host_path: join(dir, 'link'), selinux_relabel: true },
      { container_path: '/made', host_path: join(dir, 'made', 'by-us') },
      { container_path: '/etc/passwd', host_path: join(data, 'file'), readonly: true },
      // as kubelet does; ours, which the pod has without it, is not to be seen
      { container_path: '/etc/hosts', host_path: join(await folder('kubelet'), 'file') },
      { container_path: '/root', host_path: await folder('root') },
      { container_path: '/var/run/secrets/new', host_path: await folder('secret') },
      { container_path: '/masked', host_path: '/dev/null' },
    ];
    const script = [
      'cat /data/file /data/inner/file /link/file /etc/passwd /etc/hosts /root/file /run/secrets/new/file',
      'echo guest >/data/written; mkdir /data/made; chown 33:33 /data/written; touch /made/x',
      'echo gone >/masked; cat /masked; ls -l /masked | cut -c1',
    ].join('\n');
    const seen = ['data', 'inner', 'data', 'data', 'kubelet', 'root', 'secret', 'c'];
    assert.deepEqual(await output('many', mounts, script), seen);
    assert.equal(await readFile(join(data, 'written'), 'utf8'), 'guest\n');
    assert.deepEqual(await readdir(join(dir, 'made', 'by-us')), ['x']);
    assert.deepEqual(await readdir(join(data, 'inner')), []);
  });

  it('whose place is behind a link stay inside the container', async () => {
    const trap = await folder('trap');
    await symlink(dir, join(trap, 'absolute'));
    await symlink('../../../../../..', join(trap, 'up'));
    const secret = await folder('behind');
    const mounts = [
      { container_path: '/trap', host_path: trap },
      { container_path: '/trap/absolute/one', host_path: secret },
      { container_path: '/trap/up/two', host_path: secret },
    ];
    assert.deepEqual(await output('trap', mounts, `cat ${dir}/one/file /two/file`), ['behind', 'behind']);
    assert.deepEqual((await readdir(dir)).includes('one'), false);
  });

  it('that are read-only cannot be written, not even after a remount; what is mounted below can, unless recursively so', async () => {
    const plain = await folder('plain');
    const tree = await folder('tree');
    await mkdir(join(tree, 'below'));
    await host('mount', '-t', 'tmpfs', 'tmpfs', join(tree, 'below'));
    const mounts = [
      { container_path: '/plain', host_path: plain, readonly: true },
      { container_path: '/tree', host_path: tree, readonly: true },
      { container_path: '/all', host_path: tree, readonly: true, recursive_read_only: true },
    ];
    const places = '/plain/x /tree/x /tree/below/x /all/x /all/below/y';
    const script = `try() { for x in ${places}; do touch $x 2>/dev/null && echo $x; done; }
      try; for m in /plain /tree /all /all/below; do mount -o remount,rw $m; done; try; cat /plain/file`;
    assert.deepEqual(await output('ro', mounts, script), ['/tree/below/x', '/tree/below/x', 'plain']);
    assert.deepEqual(await readdir(plain), ['file']);
    assert.deepEqual(await readdir(join(tree, 'below')), ['x']);
  });

  it('show what is mounted on the host later only if they shall, and a ConfigMap’s new content; nothing comes back', async () => {
    const { crictl } = world();
    const shared = await folder('shared');
    const later = await folder('later');
    for (const name of ['new', 'known']) await mkdir(join(shared, name));
    await host('mount', '--bind', '--make-shared', shared, shared);
    const config = await configMap('one');
    const mounts = [
      { container_path: '/slave', host_path: shared, propagation: HOST_TO_CONTAINER },
      { container_path: '/private', host_path: shared },
      { container_path: '/config', host_path: config, readonly: true },
      { container_path: '/slave-ro', host_path: shared, readonly: true, propagation: HOST_TO_CONTAINER },
    ];
    const id = await crictl.start(pod, {
      name: 'slave',
      command: ['sleep', '1000'],
      config: { ...PRIVILEGED, mounts },
    });
    const ls = (path: string): Promise<string> => crictl.exec(id, 'ls', path);
    assert.equal(await ls('/slave/known'), '');
    assert.equal(await crictl.exec(id, 'cat', '/config/key'), 'one');
    for (const name of ['new', 'known']) await host('mount', '--bind', later, join(shared, name));
    await switchConfigMap(config, 'two');
    assert.equal(await ls('/slave/new'), 'file');
    assert.equal(await ls('/private/new'), '');
    // the guest had looked at this one: it asks again after virtiofs' 5 s
    await soon('a mount over a known folder shows', async () => (await ls('/slave/known')) === 'file');
    await soon('the new ConfigMap shows', async () => (await crictl.exec(id, 'cat', '/config/key')) === 'two');
    const write = 'touch /slave-ro/new/written; touch /slave-ro/refused 2>/dev/null || echo refused';
    assert.equal(await crictl.exec(id, 'sh', '-c', write), 'refused');
    assert.deepEqual(await readdir(later), ['file', 'written']);
    await crictl.exec(id, 'sh', '-c', 'mkdir /slave/guest; mount --bind /etc /slave/guest');
    assert.deepEqual(await readdir(join(shared, 'guest')), []);
    await crictl.ok('rm', '-f', id);
  });

  it('are let go of with their container: the VMM keeps nothing of them open', async () => {
    const { crictl, folders } = world();
    const many = await folder('many');
    for (let index = 0; index < 300; index += 1) await writeFile(join(many, `file-${index}`), '');
    const [shim] = await shims(folders);
    assert.ok(shim);
    const open = async (): Promise<number> => (await readdir(`/proc/${shim.pid}/fd`)).length;
    const before = await open();
    const mounts = [
      { container_path: '/rw', host_path: many },
      { container_path: '/ro', host_path: many, readonly: true },
    ];
    const id = await crictl.start(pod, { name: 'looks', command: ['sleep', '1000'], config: { mounts } });
    await crictl.exec(id, 'ls', '-lR', '/rw', '/ro');
    assert.ok((await open()) > before + 600);
    await crictl.ok('rm', '-f', id);
    await until('the VMM has closed them', async () => ((await open()) < before + 100 ? true : undefined));
  });

  it('of a single file are live', async () => {
    const { crictl } = world();
    const file = join(await folder('single', 'one'), 'file');
    const mounts = [{ container_path: '/etc/single', host_path: file }];
    const command = ['sh', '-c', 'echo two > /etc/single; sleep 1000'];
    const id = await crictl.start(pod, { name: 'file', command, config: { mounts } });
    await soon('the guest has written', async () => (await readFile(file, 'utf8')) === 'two\n');
    await writeFile(file, 'three\n');
    await soon('the guest sees it', async () => (await crictl.exec(id, 'cat', '/etc/single')) === 'three');
    await crictl.ok('rm', '-f', id);
  });

  it('of a file that is a mount of its own, as kubelet prepares a subPath, reach the file behind it', async () => {
    const [behind, point] = [await folder('volume'), await folder('sub-path', '')].map((path) => join(path, 'file'));
    assert.ok(behind !== undefined && point !== undefined);
    await host('mount', '--bind', behind, point);
    const mounts = [
      { container_path: '/etc/sub', host_path: point },
      { container_path: '/etc/sub-ro', host_path: point, readonly: true },
    ];
    const script = 'cat /etc/sub /etc/sub-ro; echo refused > /etc/sub-ro; echo written > /etc/sub; cat /etc/sub-ro';
    assert.deepEqual(await output('sub-path', mounts, script), ['volume', 'volume', 'written']);
    assert.equal(await readFile(behind, 'utf8'), 'written\n');
    // what kubelet does next: nothing of the container may keep its mount busy
    await host('umount', point);
    assert.equal(await readFile(point, 'utf8'), '');
  });

  it('that cannot be kept are refused', async () => {
    const { crictl } = world();
    const refused = async (mount: MountRequest): Promise<string> => {
      const file = join(dir, 'refused.json');
      const config = { metadata: { name: 'refused' }, image: { image: BUSYBOX }, command: ['true'], mounts: [mount] };
      await writeFile(file, JSON.stringify(config));
      return crictl.fails('create', pod.id, file, pod.config);
    };
    const before = await crictl.containers();
    const host_path = await folder('any');
    assert.match(await refused({ container_path: '/x', host_path, propagation: 2 }), /bidirectional/);
    assert.match(await refused({ container_path: '/x', host_path, recursive_read_only: true }), /needs readonly/);
    const rslave = { readonly: true, recursive_read_only: true, propagation: HOST_TO_CONTAINER };
    assert.match(await refused({ container_path: '/x', host_path, ...rslave }), /private propagation/);
    assert.match(await refused({ container_path: '/x', host_path: '/dev/kvm' }), /neither/);
    const image = { container_path: '/x', image: { image: BUSYBOX } };
    assert.match(await refused(image), /must be readonly/);
    const missing = await refused({ ...image, readonly: true, image_sub_path: 'no/such' });
    assert.match(missing, /desc = ImageVolumeMountFailed: image volume \/x of .*no\/such.* is not in the image/);
    const unknown = await refused({ container_path: '/x', readonly: true, image: { image: 'docker.io/library/none' } });
    assert.match(unknown, /ImageVolumeMountFailed: .* pull it first/);
    assert.deepEqual(await crictl.containers(), before);
  });

  it('of images are read-only, executable, and show no more than their sub path', async () => {
    const volume = (container_path: string, image: string, image_sub_path = ''): MountRequest => ({
      container_path,
      readonly: true,
      image: { image },
      image_sub_path,
    });
    const mounts = [
      volume('/one', BUSYBOX),
      volume('/two', LAYERED),
      volume('/etc-of-two', LAYERED, 'etc'),
      volume('/etc/group', BUSYBOX, '/var/run/../etc/passwd'),
    ];
    const script = `cd /; /one/bin/ls /two/test; ls /etc-of-two/passwd; head -n 1 /etc/group | cut -d: -f1,7
      for x in /one /two /etc-of-two; do mount -o remount,rw $x; touch $x/file 2>/dev/null || echo refused; done
      ls /two/etc/passwd /two/bin/sh`;
    const seen = ['/two/test', '/etc-of-two/passwd', 'root:/bin/sh'];
    const both = ['/two/bin/sh', '/two/etc/passwd'];
    assert.deepEqual(await output('images', mounts, script), [...seen, 'refused', 'refused', 'refused', ...both]);
  });

  it('show in the container’s status as they were asked for', async () => {
    const { crictl } = world();
    const data = await folder('shown');
    const mounts = [
      { container_path: '/data', host_path: data, readonly: true, recursive_read_only: true, selinux_relabel: true },
      { container_path: '/image', readonly: true, image: { image: BUSYBOX }, image_sub_path: 'etc' },
    ];
    const id = await crictl.create(pod, { name: 'shown', command: ['true'], config: { mounts } });
    const { imageId, ...status } = await crictl.status(id);
    const [bind, image] = status['mounts'] as readonly Record<string, unknown>[];
    assert.deepEqual(
      [bind?.['containerPath'], bind?.['hostPath'], bind?.['readonly'], bind?.['recursiveReadOnly']],
      ['/data', data, true, true],
    );
    assert.deepEqual([bind?.['selinuxRelabel'], image?.['imageSubPath']], [true, 'etc']);
    assert.match(JSON.stringify(image?.['image']), new RegExp(imageId));
    await crictl.ok('rm', id);
  });
});

/** A ConfigMap volume as kubelet makes it: `key` → `..data/key`, and `..data` → a folder with the present content. */
async function configMap(content: string): Promise<string> {
  const path = join(dir, 'config');
  await mkdir(path);
  await symlink('..data/key', join(path, 'key'));
  await switchConfigMap(path, content);
  return path;
}

async function switchConfigMap(path: string, content: string): Promise<void> {
  await mkdir(join(path, `..${content}`));
  await writeFile(join(path, `..${content}`, 'key'), content);
  await symlink(`..${content}`, join(path, '..data_tmp'));
  await rename(join(path, '..data_tmp'), join(path, '..data'));
}
