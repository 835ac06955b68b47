import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ImageConfig } from '../image/image-service.ts';
import { containerConfig, containerSecurity, namespaces, resources, sandboxConfig } from '../testing/configs.ts';
import { matchesGolden } from '../testing/golden.ts';
import { boxConfig } from './box-config.ts';
import type { ContainerConfig } from './model.ts';
import type { GuestMount } from './oci-mounts.ts';
import { ociSpec, processArgs } from './oci-spec.ts';
import type { OciSpec } from './oci-types.ts';

const BOX = boxConfig(sandboxConfig({ hostname: 'web' }), 'ab'.repeat(32), {
  vcpus: 1,
  memoryMiB: 512,
  scratchBytes: 1024,
});

const IMAGE: ImageConfig = {
  user: 'www-data:33',
  env: ['PATH=/opt/bin:/bin', 'LANG=C'],
  entrypoint: ['/entry'],
  cmd: ['--serve'],
  workingDir: '/srv',
  stopSignal: '',
  labels: {},
};

function spec(over: Partial<ContainerConfig> = {}, mounts: readonly GuestMount[] = []): OciSpec {
  return ociSpec({ config: containerConfig(over), image: IMAGE, box: BOX, mounts });
}

describe('ociSpec', () => {
  it('of a plain container is the golden one', async () => {
    await matchesGolden('oci-spec-plain.json', spec());
  });

  it('of a container with everything is the golden one', async () => {
    const mounts = [
      { containerPath: '/data/', guestPath: '/rw/vol/c-0', readonly: false },
      { containerPath: '/etc/hosts', guestPath: '/vol/c-1', readonly: true },
      { containerPath: '/models', guestPath: '/run/volumes/c/2', readonly: true },
    ];
    const config = {
      command: ['/bin/app'],
      args: ['-x'],
      workingDir: '/work',
      envs: [
        { key: 'LANG', value: 'de' },
        { key: 'EMPTY', value: '' },
      ],
      resources: resources({
        cpuPeriod: 100_000,
        cpuQuota: 50_000,
        cpuShares: 512,
        memoryLimitBytes: 64 * 1024 * 1024,
        cpusetCpus: '0-3',
        oomScoreAdj: 999,
        unified: { 'memory.oom.group': '1' },
      }),
      devices: [{ hostPath: '/dev/fuse', containerPath: '/opt/fuse', permissions: 'rw' }],
      security: containerSecurity({
        runAsUser: 1000,
        runAsGroup: 2000,
        supplementalGroups: [3000],
        supplementalGroupsPolicy: 'Strict',
        addCapabilities: ['NET_ADMIN'],
        dropCapabilities: ['chown'],
        noNewPrivs: true,
        readonlyRootfs: true,
        maskedPaths: ['/proc/kcore'],
        readonlyPaths: ['/proc/sys'],
        namespaces: namespaces({ pid: 'POD', ipc: 'CONTAINER' }),
      }),
    } satisfies Partial<ContainerConfig>;
    await matchesGolden('oci-spec-full.json', spec(config, mounts));
  });

  it('of a privileged container hides nothing and grants all', () => {
    const security = containerSecurity({ privileged: true, maskedPaths: ['/proc'], readonlyPaths: ['/sys'] });
    const { linux, process, mounts } = spec({ security });
    assert.deepEqual([linux.maskedPaths, linux.readonlyPaths], [[], []]);
    assert.ok(process.capabilities.effective.includes('CAP_SYS_ADMIN'));
    assert.ok(mounts.find(({ destination }) => destination === '/sys')?.options.includes('rw'));
  });

  it('has a pid namespace to join or to make, unless it is the pod’s', () => {
    const kinds = (pid: 'POD' | 'NODE' | 'CONTAINER' | 'TARGET'): boolean =>
      spec({ security: containerSecurity({ namespaces: namespaces({ pid }) }) }).linux.namespaces.some(
        ({ type }) => type === 'pid',
      );
    assert.deepEqual([kinds('POD'), kinds('NODE'), kinds('CONTAINER'), kinds('TARGET')], [false, false, true, true]);
  });

  it('gives a volume the place of a standard mount', () => {
    const volume = { containerPath: '/dev/shm', guestPath: '/rw/vol/c-0', readonly: false };
    const shm = spec({}, [volume]).mounts.filter(({ destination }) => destination === '/dev/shm');
    assert.deepEqual(
      shm.map(({ source }) => source),
      ['/rw/vol/c-0'],
    );
  });

  it('refuses a capability nobody knows', () => {
    const security = containerSecurity({ addCapabilities: ['NET_ADMIN', 'FLY'] });
    assert.throws(() => spec({ security }), { reason: 'INVALID_REQUEST', message: /FLY/ });
  });
});

describe('processArgs', () => {
  const cases: readonly (readonly [string, readonly string[], readonly string[], readonly string[]])[] = [
    ['neither: the image speaks', [], [], ['/entry', '--serve']],
    ['args replace CMD', [], ['-v'], ['/entry', '-v']],
    ['command replaces ENTRYPOINT and CMD', ['sh'], [], ['sh']],
    ['both replace both', ['sh'], ['-c', 'x'], ['sh', '-c', 'x']],
  ];
  for (const [name, command, args, expected] of cases) {
    it(name, () => {
      const config = containerConfig({ command: [...command], args: [...args] });
      assert.deepEqual(processArgs(config, IMAGE), expected);
    });
  }

  it('nothing at all is an error that says what to do', () => {
    assert.throws(() => processArgs(containerConfig(), { ...IMAGE, entrypoint: [], cmd: [] }), {
      reason: 'INVALID_REQUEST',
      message: /give it a command/,
    });
  });
});
