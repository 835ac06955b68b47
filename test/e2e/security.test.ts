import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { z } from 'zod';
import { type Pod, until } from './harness/crictl.ts';
import { BUSYBOX } from './harness/settings.ts';
import { useWorld } from './harness/suite.ts';

const NO_NEW_PRIVS = 'registry.k8s.io/e2e-test-images/nonewprivs:1.3';
const PREDEFINED_GROUP = 'gcr.io/k8s-staging-cri-tools/test-image-predefined-group:latest';
const RUNTIME_DEFAULT = { profile_type: 0 };
const UNCONFINED = { profile_type: 1 };
const OWN_PIDS = { pid: 1 };

const world = useWorld([BUSYBOX, NO_NEW_PRIVS, PREDEFINED_GROUP]);
const linux = (security: object) => ({ linux: { security_context: { namespace_options: OWN_PIDS, ...security } } });
const localhost = (path: string) => ({ profile_type: 2, localhost_ref: path });
/** What the kernel says a process is confined to. */
const CONFINEMENT = ['grep', '-E', '^(Gid|Groups|NoNewPrivs|Seccomp|Cap...):', '/proc/self/status'];

describe('a security context', () => {
  let pod: Pod;

  before(async () => {
    pod = await world().crictl.runPod('security');
  });

  const idle = (name: string, security: object, config: object = {}): Promise<string> =>
    world().crictl.start(pod, { name, command: ['sleep', '1000'], config: { ...linux(security), ...config } });

  /** The output of a container that ran to its end, whatever its code. */
  async function output(name: string, command: readonly string[], security: object, image = BUSYBOX): Promise<string> {
    const { crictl } = world();
    const { id } = await crictl.finish(pod, { name, command, image, config: linux(security) });
    const { stdout, stderr } = await crictl.try('logs', id);
    await crictl.ok('rm', id);
    return `${stdout}${stderr}`;
  }

  it('confines every process that is added as it confines the first', async () => {
    const { crictl } = world();
    const script = `${CONFINEMENT.map((word) => `'${word}'`).join(' ')}; exec sleep 1000`;
    const security = {
      run_as_username: 'www-data',
      run_as_group: { value: 4141 },
      supplemental_groups: [4242],
      no_new_privs: true,
      capabilities: {
        drop_capabilities: ['ALL'],
        add_capabilities: ['net_raw'],
        add_ambient_capabilities: ['CAP_NET_RAW'],
      },
      seccomp: RUNTIME_DEFAULT,
    };
    const id = await crictl.start(pod, { name: 'all', command: ['sh', '-c', script], config: linux(security) });
    const added = await crictl.exec(id, ...CONFINEMENT);
    assert.equal(await crictl.ok('logs', id), added);
    assert.match(added, /^Gid:(\s4141){4}$/m);
    assert.match(added, /^Groups:\s4141 4242 ?$/m);
    assert.match(added, /^NoNewPrivs:\s1$/m);
    assert.match(added, /^Seccomp:\s2$/m);
    for (const set of ['Inh', 'Prm', 'Eff', 'Bnd', 'Amb'])
      assert.match(added, new RegExp(`^Cap${set}:\\s0*2000$`, 'm'));
    await crictl.ok('rm', '-f', id);
  });

  it('filters system calls by the default profile, as a user and as root with and without CAP_SYS_ADMIN', async () => {
    const { crictl } = world();
    const id = await idle('default', { seccomp: RUNTIME_DEFAULT });
    const seen = await crictl.exec(id, ...CONFINEMENT);
    assert.match(seen, /^Seccomp:\s2$/m);
    assert.match(seen, /^CapEff:\s00000000a80425fb$/m, 'what installing the filter needs is gone');
    assert.match(await crictl.exec(id, 'sh', '-c', 'unshare -U true 2>&1 || true'), /Operation not permitted/);
    await crictl.ok('rm', '-f', id);
    const admin = { capabilities: { add_capabilities: ['SYS_ADMIN'] }, seccomp: RUNTIME_DEFAULT };
    assert.equal(await output('admin', ['sh', '-c', 'hostname renamed && hostname'], admin), 'renamed\n');
  });

  it('filters nothing when it is unconfined or says nothing', async () => {
    assert.match(await output('unconfined', CONFINEMENT, { seccomp: UNCONFINED }), /^Seccomp:\s0$/m);
    assert.match(await output('nothing', CONFINEMENT, {}), /^Seccomp:\s0$/m);
  });

  it('filters by a profile of the host: arguments, error numbers, several actions', async () => {
    const { crictl, folders } = world();
    const path = join(folders.base, 'profile.json');
    const profile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
      syscalls: [
        { names: ['chmod', 'fchmod', 'fchmodat'], action: 'SCMP_ACT_ERRNO' },
        { names: ['kill'], action: 'SCMP_ACT_ERRNO', errnoRet: 28, args: [{ index: 1, value: 0, op: 'SCMP_CMP_EQ' }] },
        { names: ['sync'], action: 'SCMP_ACT_KILL_PROCESS' },
        // guest-init's own calls on the way to the program must not matter
        {
          names: ['setgroups', 'setresuid', 'capset', 'chdir', 'prctl', 'close_range'],
          action: 'SCMP_ACT_KILL_PROCESS',
        },
        { names: ['times'], action: 'SCMP_ACT_TRAP' },
        { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_LOG' },
      ],
    };
    await writeFile(path, JSON.stringify(profile));
    const id = await idle('profile', { seccomp: localhost(path) });
    const script = 'chmod 777 /tmp; kill -0 $$; kill -CONT $$ && echo continued; sync; echo $?';
    const seen = await crictl.exec(id, 'sh', '-c', `(${script}) 2>&1`);
    assert.match(seen, /chmod: .*Operation not permitted/);
    assert.match(seen, /No space left on device/);
    assert.match(seen, /continued/);
    assert.match(seen, /159$/);
    // a trap can be caught, and kills by SIGSYS if it is not
    const trap = `sh -c times; echo $?; sh -c 'trap "echo caught" SYS; times >/dev/null'; mkdir /logged && ls -d /logged`;
    const trapped = await crictl.exec(id, 'sh', '-c', `(${trap}) 2>&1`);
    assert.match(trapped, /^159$[^]*^caught$/m);
    assert.match(trapped, /^\/logged$/m);
    await crictl.ok('rm', '-f', id);
  });

  it('gives a setuid program its user’s rights, or not', async () => {
    const as = { run_as_user: { value: 1000 } };
    assert.match(await output('nnp', [], { ...as, no_new_privs: true }, NO_NEW_PRIVS), /uid: 1000/);
    assert.match(
      await output('np', [], { ...as, no_new_privs: false, seccomp: RUNTIME_DEFAULT }, NO_NEW_PRIVS),
      /uid: 0/,
    );
  });

  for (const [policy, groups] of [
    [0, ['1000', '1234', '50000']],
    [1, ['1000', '1234']],
  ] as const) {
    it(`adds the image’s groups, or not: policy ${policy}`, async () => {
      const { crictl } = world();
      const config = linux({ supplemental_groups: [1234], supplemental_groups_policy: policy });
      const command = ['sh', '-c', 'id -G; exec sleep 1000'];
      const id = await crictl.start(pod, { name: `groups-${policy}`, image: PREDEFINED_GROUP, command, config });
      assert.equal(await crictl.exec(id, 'id', '-G'), groups.join(' '));
      assert.equal(await crictl.ok('logs', id), groups.join(' '));
      const user = userSchema.parse(await crictl.status(id)).user.linux;
      assert.deepEqual([user.uid, user.gid, user.supplementalGroups.toSorted()], ['1000', '1000', groups]);
      await crictl.ok('rm', '-f', id);
    });
  }

  it('hides and protects the paths it names, and no others', async () => {
    const paths = {
      masked_paths: ['/bin/ls', '/proc/keys', '/sys/firmware', '/none'],
      readonly_paths: ['/tmp', '/proc/sys'],
    };
    const script =
      'ls; wc -c </proc/keys; touch /tmp/x; echo 1 >/proc/sys/kernel/shm_rmid_forced; touch /var/x && echo made';
    const seen = await output('paths', ['sh', '-c', script], paths);
    assert.match(seen, /sh: ls: Permission denied/);
    assert.match(seen, /^0$/m);
    assert.match(seen, /\/tmp\/x: Read-only file system/);
    assert.match(seen, /shm_rmid_forced: Read-only file system/);
    assert.match(seen, /^made$/m);
  });

  it('opens the devices it has, and no others, whatever nodes it makes', async () => {
    const { crictl } = world();
    const devices = [
      { host_path: '/dev/null', container_path: '/opt/null', permissions: 'rwm' },
      { host_path: '/dev/fuse', container_path: '/dev/fuse', permissions: 'rw' },
      { host_path: '/dev/net/tun', container_path: '/dev/net/tun', permissions: 'rwm' },
    ];
    const id = await idle('devices', {}, { devices });
    const opened = await crictl.exec(
      id,
      'sh',
      '-c',
      'echo gone >/opt/null; : <>/dev/fuse; : <>/dev/net/tun; : </dev/zero; : <>/dev/ptmx; head -c 4 /dev/urandom | wc -c',
    );
    assert.equal(opened, '4');
    const vda =
      'mknod /vda b $(tr : " " </sys/class/block/vda/dev) && head -c 1 /vda 2>&1; mknod /m c 1 1 && head -c 1 /m 2>&1; true';
    assert.match(await crictl.exec(id, 'sh', '-c', vda), /^head: \/vda: .*not permitted\nhead: \/m: .*not permitted$/);
    await crictl.ok('rm', '-f', id);
    const other = await idle('no-devices', {});
    const seen = await crictl.exec(other, 'sh', '-c', 'mknod /fuse c 10 229 && cat /fuse 2>&1 || true');
    assert.match(seen, /not permitted/);
    await crictl.ok('rm', '-f', other);
  });

  it('lets a pod’s containers share their processes, below a pause with nothing of the VM behind it', async () => {
    const { crictl } = world();
    const shared = { namespace_options: { pid: 0 } };
    const one = await idle('one', shared);
    const two = await idle('two', { ...shared, capabilities: { add_capabilities: ['SYS_PTRACE'] } });
    const private_ = await idle('private', { namespace_options: { pid: 1 } });
    const count = (id: string): Promise<string> =>
      crictl.exec(id, 'sh', '-c', 'for name in guest-init pause sleep; do pidof $name | wc -w; done');
    assert.equal(await count(one), '0\n1\n2');
    assert.equal(await count(private_), '0\n0\n1');
    // not even for who may trace every process
    const behind = 'ls -A /proc/1/root/ | wc -l; ls /proc/1/fd | wc -l; grep -E "Uid|CapPrm|NoNewPrivs" /proc/1/status';
    assert.equal(
      (await crictl.exec(two, 'sh', '-c', behind)).replaceAll(/[\t ]+/g, ' '),
      '0\n3\nUid: 65535 65535 65535 65535\nCapPrm: 0000000000000000\nNoNewPrivs: 1',
    );
    assert.equal(
      await crictl.exec(two, 'sh', '-c', 'touch /proc/1/root/x 2>&1; kill -KILL 1; kill -STOP 1; echo alive'),
      'touch: /proc/1/root/x: Read-only file system\nalive',
    );
    // nor for who is the same user
    const same = await idle('same', { ...shared, run_as_user: { value: 65535 } });
    assert.match(
      await crictl.exec(same, 'sh', '-c', 'id -u; ls /proc/1/root/ 2>&1 || true'),
      /^65535\n.*Permission denied/,
    );
    await crictl.ok('rm', '-f', same);
    // it reaps what loses its parent
    await crictl.exec(one, 'sh', '-c', '(sleep 0.1 &)');
    await until('the orphan is gone', async () => {
      const seen = await crictl.exec(one, 'sh', '-c', "grep -h '^State' /proc/[0-9]*/status; pidof sleep | wc -w");
      return (!seen.includes('Z (zombie)') && seen.endsWith('\n2')) || undefined;
    });
    // a container of it that ends takes none of the others with it
    await crictl.ok('rm', '-f', one);
    assert.equal(await count(two), '0\n1\n1');
    await crictl.ok('rm', '-f', two, private_);
  });

  it('puts a container among the processes of another', async () => {
    const { crictl } = world();
    const target = await idle('target', {});
    const join = { namespace_options: { pid: 3, target_id: target } };
    const debug = await idle('debug', join);
    assert.equal(await crictl.exec(debug, 'cat', '/proc/1/comm'), 'sleep');
    assert.equal(await crictl.exec(debug, 'sh', '-c', 'pidof sleep | wc -w'), '2');
    assert.equal(await crictl.exec(target, 'sh', '-c', 'pidof sleep | wc -w'), '2');
    await crictl.ok('stop', '-t', '0', target);
    assert.equal((await crictl.exited(debug)).exitCode, 137);
    await assert.rejects(idle('late', join), /is CONTAINER_EXITED|is EXITED/);
    await assert.rejects(idle('nobody', { namespace_options: { pid: 3, target_id: 'nobody' } }), /nobody/);
  });

  const refused: readonly (readonly [string, object, RegExp])[] = [
    ['privileged', linux({ privileged: true }), /is not privileged/],
    ['no-profile', linux({ seccomp: localhost('/no/such/profile.json') }), /\/no\/such\/profile\.json/],
    ['no-json', linux({ seccomp: localhost('/etc/passwd') }), /\/etc\/passwd is not JSON/],
    ['odd-path', linux({ seccomp_profile_path: 'elsewhere/x' }), /elsewhere/],
    ['apparmor', linux({ apparmor: localhost('mine') }), /AppArmor/],
    ['apparmor-old', linux({ apparmor_profile: 'localhost/mine' }), /AppArmor/],
    ['selinux', linux({ selinux_options: { level: 'top secret' } }), /SELinux level/],
    ['userns', linux({ namespace_options: { pid: 1, userns_options: { mode: 0 } } }), /user namespaces/],
    ['host-ipc', linux({ namespace_options: { ipc: 2 } }), /hostIPC/],
    ['capability', linux({ capabilities: { add_capabilities: ['FLY'] } }), /FLY/],
    ['uid', linux({ run_as_user: { value: 4294967295 } }), /4294967295/],
    ['ghost', linux({ run_as_username: 'ghost' }), /ghost/],
    ['group-alone', linux({ run_as_group: { value: 5 } }), /run_as_group/],
    [
      'host-device',
      { devices: [{ host_path: '/dev/sda', container_path: '/dev/sda', permissions: 'r' }] },
      /\/dev\/sda/,
    ],
    ['cdi', { CDI_devices: [{ name: 'vendor.com/gpu=0' }] }, /vendor\.com/],
  ];
  it('is refused where it cannot be kept, and says what', async () => {
    const { crictl } = world();
    for (const [name, config, message] of refused) {
      await assert.rejects(crictl.create(pod, { name, command: ['true'], config: { ...config } }), message, name);
    }
    assert.equal(await crictl.ok('ps', '-a', '-q', '--name', refused.map(([name]) => name).join('|')), '');
  });

  it('accepts what asks for nothing that a VM lacks', async () => {
    const security = { apparmor: RUNTIME_DEFAULT, selinux_options: { type: 'container_t', level: 's0:c1,c5' } };
    assert.equal(await output('harmless', ['echo', 'fine'], security), 'fine\n');
  });
});

describe('a privileged sandbox', () => {
  it('shares the VM’s processes, sets its sysctls, and gives a privileged container the VM’s devices and rights', async () => {
    const { crictl } = world();
    const namespaces = { namespace_options: { pid: 2 } };
    const sysctls = { 'kernel.shm_rmid_forced': '1', 'net.ipv4.ip_local_port_range': '20000 30000' };
    const pod = await crictl.runPod('privileged', {
      linux: { sysctls, security_context: { ...namespaces, privileged: true } },
    });
    const security = {
      ...namespaces,
      privileged: true,
      seccomp: localhost('/no/such/file'),
      masked_paths: ['/bin/ls'],
    };
    const config = { linux: { security_context: security } };
    const id = await crictl.start(pod, { command: ['sleep', '1000'], config });
    const seen = await crictl.exec(id, ...CONFINEMENT);
    assert.match(seen, /^Seccomp:\s0$/m);
    assert.match(seen, /^CapEff:\s000001ffffffffff$/m);
    assert.equal(await crictl.exec(id, 'cat', '/proc/1/comm'), 'guest-init');
    assert.equal(await crictl.exec(id, 'cat', '/proc/sys/kernel/shm_rmid_forced'), '1');
    assert.equal(await crictl.exec(id, 'cat', '/proc/sys/net/ipv4/ip_local_port_range'), '20000\t30000');
    const script =
      'ls -d /dev/vda /dev/net/tun; head -c 1 /dev/vda | wc -c; mount -t tmpfs t /mnt && echo mounted; ulimit -Hn; ulimit -n';
    assert.equal(await crictl.exec(id, 'sh', '-c', script), '/dev/net/tun\n/dev/vda\n1\nmounted\n524288\n1024');
    const plain = await crictl.start(pod, { name: 'plain', command: ['sleep', '1000'], config: linux({}) });
    assert.match(
      await crictl.exec(plain, 'sh', '-c', 'ls /dev/vda 2>&1; mount -t tmpfs t /mnt 2>&1 || true'),
      /No such.*\n.*denied|not permitted/,
    );
  });

  it('is refused with a sysctl that is not a pod’s, or that the kernel does not know', async () => {
    const { crictl } = world();
    await assert.rejects(crictl.runPod('foreign', { linux: { sysctls: { 'vm.swappiness': '1' } } }), /vm\.swappiness/);
    await assert.rejects(crictl.runPod('unknown', { linux: { sysctls: { 'net.no.such': '1' } } }), /net\.no\.such/);
    assert.doesNotMatch(await crictl.ok('pods'), /foreign|unknown/);
  });
});

const userSchema = z.looseObject({
  user: z.object({
    linux: z.object({ uid: z.string(), gid: z.string(), supplementalGroups: z.array(z.string()) }),
  }),
});
