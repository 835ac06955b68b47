import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { HostFacts } from './host-facts.ts';
import { readHostFacts } from './host-facts.ts';
import { hostFindings } from './host-findings.ts';

const GIB = 1024 ** 3;
const limits = {
  cgroupDriver: 'auto',
  defaultMemoryMiB: 512,
  cni: { defaultNetwork: { bridge: 'a3s0', subnets: [] } },
  admission: {
    parallelBoots: 1,
    maxSandboxes: 10,
    memoryReserveMiB: 512,
    memoryOvercommit: 1,
    diskReserveBytes: GIB,
  },
} as const;
const good: HostFacts = {
  kernel: '6.1.0-18-amd64',
  now: new Date('2026-01-01'),
  clocksource: 'tsc',
  tun: true,
  missingTools: [],
  hasCniConfig: false,
  cgroups: { version: 2, root: '/sys/fs/cgroup' },
  cgroupsWritable: true,
  systemdProblem: '',
  controllers: ['cpu', 'io', 'memory', 'pids'],
  memoryMiB: 8192,
  overcommit: '0',
  ksm: false,
  openFiles: 1_048_576,
  rootIsShared: true,
  disk: { path: '/var/lib', totalBytes: 100 * GIB, freeBytes: 50 * GIB, inodes: 1000, freeInodes: 900 },
};

/** What is said of a host that differs from the good one in this, without what is all right. */
function complaints(
  over: Partial<HostFacts>,
  more:
    | Partial<typeof limits>
    | { cgroupDriver: 'none' | 'cgroupfs' | 'systemd' }
    | { cni: { defaultNetwork: undefined } } = {},
): readonly string[] {
  return hostFindings({ ...good, ...over }, { ...limits, ...more })
    .filter(({ level }) => level !== 'ok')
    .map(({ level, check, found, advice }) => {
      assert.notEqual(advice, '', `${check}: what is one to do?`);
      return `${level} ${check}: ${found}`;
    });
}

it('a good host gives no reason to complain', () => assert.deepEqual(complaints({}), []));

it('each thing that is wrong is said once, with what to do', () => {
  const { disk } = good;
  const cases: readonly (readonly [Partial<HostFacts>, string])[] = [
    [{ kernel: '5.10.0' }, 'fail host kernel: 5.10.0'],
    [{ tun: false }, 'fail tun: there is no /dev/net/tun'],
    [{ missingTools: ['tc', 'mkfs.ext4'] }, 'fail programs: missing: tc, mkfs.ext4'],
    [{ missingTools: ['iptables', 'busctl', 'systemctl'] }, 'fail programs: missing: iptables'],
    [{ cgroups: undefined }, 'fail cgroups: no cgroup file system is mounted'],
    [{ cgroupsWritable: false }, 'fail cgroups: cannot be written'],
    [{ cgroups: { version: 1, roots: {} } }, 'warn cgroups: version 1'],
    [{ systemdProblem: '`busctl …` failed: no bus' }, 'fail systemd: `busctl …` failed: no bus'],
    [{ controllers: ['cpu'] }, 'fail cgroups: version 2 without memory'],
    [{ memoryMiB: 1000 }, 'fail memory: 1000 MiB: room for 0 pods of the default size'],
    [{ overcommit: '2' }, 'warn memory: 8192 MiB: room for 14 pods of the default size; vm.overcommit_memory is 2'],
    [{ ksm: true }, 'warn same-page merging: on'],
    [{ disk: { ...disk, freeBytes: GIB - 1 } }, 'fail disk: 1.0 of 100.0 GiB free at /var/lib'],
    [{ disk: { ...disk, freeBytes: 9 * GIB } }, 'warn disk: 9.0 of 100.0 GiB free at /var/lib, 900 inodes'],
    [{ disk: { ...disk, freeInodes: 9 } }, 'warn disk: 50.0 of 100.0 GiB free at /var/lib, 9 inodes'],
    [{ now: new Date(0) }, 'fail clock: 1970-01-01T00:00:00.000Z, clock source tsc'],
    [{ clocksource: 'hpet' }, 'warn clock: 2026-01-01T00:00:00.000Z, clock source hpet'],
    [{ rootIsShared: false }, 'warn mount propagation: / is private'],
    [{ openFiles: 1024 }, 'warn open files: 1024 for a process started here'],
  ];
  for (const [over, expected] of cases) assert.deepEqual(complaints(over), [expected]);
});

it('iptables is missed only where the daemon’s own network needs it', () => {
  const missingTools = ['iptables'];
  assert.deepEqual(complaints({ missingTools, hasCniConfig: true }), []);
  assert.deepEqual(complaints({ missingTools }, { cni: { defaultNetwork: undefined } }), []);
});

it('every program that the sources run is looked for', async (t) => {
  const src = fileURLToPath(new URL('..', import.meta.url));
  const sources = globSync('{runtime,shim}/**/*.ts', { cwd: src }).filter((path) => !path.endsWith('.test.ts'));
  const run = sources.flatMap((path) =>
    [...readFileSync(join(src, path), 'utf8').matchAll(/\b(?:hostCommand|spawn|execFile)\(\s*'([^']+)'/g)].map(
      ([, program = '']) => program,
    ),
  );
  assert.ok(run.includes('setpriv') && run.includes('ip'));
  const { PATH } = process.env;
  t.after(() => Object.assign(process.env, { PATH }));
  process.env['PATH'] = '/nowhere';
  const { missingTools } = await readHostFacts('/', '/nowhere');
  assert.deepEqual(
    run.filter((program) => !missingTools.includes(program)),
    [],
  );
});

it('a file system without a fixed number of inodes has enough of them', () => {
  assert.deepEqual(complaints({ disk: { ...good.disk, inodes: 0, freeInodes: 0 } }), []);
});

it('systemd counts only where it makes the groups', () => {
  const silent = { systemdProblem: 'no bus' };
  assert.deepEqual(complaints(silent, { cgroupDriver: 'systemd' }), ['fail systemd: no bus']);
  assert.deepEqual(complaints(silent, { cgroupDriver: 'cgroupfs' }), []);
  const absent = { systemdProblem: undefined };
  assert.deepEqual(complaints(absent, { cgroupDriver: 'systemd' }), ['fail systemd: does not run this host']);
  assert.deepEqual(complaints(absent), []);
});

it('who switches cgroups off is told what that means, and nothing else of them', () => {
  assert.deepEqual(complaints({ cgroups: undefined }, { cgroupDriver: 'none' }), [
    'warn cgroups: switched off by cgroup_driver',
  ]);
});

it('reads this host, also where the root folder is still to be made', async () => {
  const facts = await readHostFacts('/var/no/such/folder', '/var/no/such/folder');
  assert.equal(facts.disk.path, '/var');
  assert.equal(facts.hasCniConfig, false);
  assert.ok(facts.openFiles > 0 && facts.memoryMiB > 0 && facts.kernel !== '');
});
