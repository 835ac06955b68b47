/** Verdicts on a host. Pure: the numbers are the arguments'. */
import type { DaemonConfig } from '../config/schema.ts';
import { usableMiB, withVmm } from '../runtime/admission/capacity.ts';
import { OWN_NETWORK_TOOL } from '../runtime/network/default-network.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import { type HostFacts, SYSTEMD_TOOLS } from './host-facts.ts';

type Limits = Pick<DaemonConfig, 'admission' | 'cgroupDriver' | 'defaultMemoryMiB'> & {
  readonly cni: Pick<DaemonConfig['cni'], 'defaultNetwork'>;
};

/** mount_setattr(2), which recursive read-only mounts need, came with it. */
const OLDEST_KERNEL = [5, 12] as const;
/** This release is younger. */
const RELEASED = new Date('2025-01-01');
const FAST_CLOCKS = ['tsc', 'kvm-clock', 'hyperv_clocksource_tsc_page', 'arch_sys_counter'];
/** About six descriptors for each sandbox, and room for images and clients. */
const OPEN_FILES = 65_536;
const LOW_SHARE = 0.1;
const GIB = 1024 ** 3;

export function hostFindings(facts: HostFacts, limits: Limits): readonly Finding[] {
  return [
    kernel(facts),
    facts.tun ? ok('tun', '/dev/net/tun') : fail('tun', 'there is no /dev/net/tun', 'run modprobe tun'),
    tools(facts, limits),
    cgroups(facts, limits),
    ...systemd(facts, limits),
    memory(facts, limits),
    sharing(facts),
    propagation(facts),
    disk(facts, limits),
    clock(facts),
    openFiles(facts),
  ];
}

/** kubelet wants the same, and systemd does it. */
function propagation({ rootIsShared }: HostFacts): Finding {
  return rootIsShared
    ? ok('mount propagation', '/ is shared')
    : warn(
        'mount propagation',
        '/ is private',
        'what is mounted after a pod has started cannot be shown in it: run mount --make-rshared /',
      );
}

function kernel({ kernel: release }: HostFacts): Finding {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  const [needMajor, needMinor] = OLDEST_KERNEL;
  return major > needMajor || (major === needMajor && minor >= needMinor)
    ? ok('host kernel', release)
    : fail('host kernel', release, `${needMajor}.${needMinor} or later is needed`);
}

function tools({ missingTools, hasCniConfig }: HostFacts, { cni }: Limits): Finding {
  const ownNetwork = cni.defaultNetwork !== undefined && !hasCniConfig;
  // that systemd does not answer is said by another check
  const spared = [...(ownNetwork ? [] : [OWN_NETWORK_TOOL]), ...SYSTEMD_TOOLS];
  const missing = missingTools.filter((tool) => !spared.includes(tool));
  return missing.length === 0
    ? ok('programs', 'all are there')
    : fail(
        'programs',
        `missing: ${missing.join(', ')}`,
        'install iproute2, util-linux, e2fsprogs and coreutils, and iptables where there is no CNI configuration',
      );
}

function cgroups({ cgroups: found, cgroupsWritable, controllers }: HostFacts, { cgroupDriver }: Limits): Finding {
  if (cgroupDriver === 'none') {
    return warn('cgroups', 'switched off by cgroup_driver', 'pods’ limits hold in the guest only, not for the VMM');
  }
  if (found === undefined) {
    return fail('cgroups', 'no cgroup file system is mounted', 'mount cgroup2 at /sys/fs/cgroup');
  }
  if (!cgroupsWritable) {
    return fail(
      'cgroups',
      'cannot be written',
      'run as root with a writable /sys/fs/cgroup, or set cgroup_driver = "none"',
    );
  }
  if (found.version === 1) {
    return warn('cgroups', 'version 1', 'kubelet 1.35 and later refuse it by default: boot with version 2');
  }
  const missing = ['cpu', 'memory'].filter((controller) => !controllers.includes(controller));
  return missing.length === 0
    ? ok('cgroups', `version 2, ${controllers.join(' ')}`)
    : fail(
        'cgroups',
        `version 2 without ${missing.join(' and ')}`,
        'boot with these controllers, or have them delegated',
      );
}

/** Only where sandboxes' groups are systemd's. */
function systemd({ systemdProblem }: HostFacts, { cgroupDriver }: Limits): readonly Finding[] {
  if (cgroupDriver === 'none' || cgroupDriver === 'cgroupfs') return [];
  if (systemdProblem === '') return [ok('systemd', 'answers')];
  if (systemdProblem !== undefined) {
    return [
      fail('systemd', systemdProblem, 'start dbus.service, or set cgroup_driver = "cgroupfs", here and for kubelet'),
    ];
  }
  return cgroupDriver === 'auto'
    ? []
    : [fail('systemd', 'does not run this host', 'set cgroup_driver = "cgroupfs" or "auto"')];
}

function memory({ memoryMiB, overcommit }: HostFacts, { admission, defaultMemoryMiB }: Limits): Finding {
  const usable = usableMiB({ memoryMiB }, admission);
  const each = withVmm(defaultMemoryMiB);
  const found = `${memoryMiB} MiB: room for ${Math.max(0, Math.floor(usable / each))} pods of the default size`;
  if (usable < each) return fail('memory', found, 'lower default_memory or memory_reserve, or add memory');
  return overcommit === '2'
    ? warn('memory', `${found}; vm.overcommit_memory is 2`, 'a VM asks for all its memory at once: set it to 0 or 1')
    : ok('memory', found);
}

function sharing({ ksm }: HostFacts): Finding {
  return ksm
    ? warn('same-page merging', 'on', 'one VM can learn what another has in memory: echo 2 > /sys/kernel/mm/ksm/run')
    : ok('same-page merging', 'off');
}

function disk(
  { disk: { path, totalBytes, freeBytes, inodes, freeInodes } }: HostFacts,
  { admission }: Limits,
): Finding {
  const found = `${(freeBytes / GIB).toFixed(1)} of ${(totalBytes / GIB).toFixed(1)} GiB free at ${path}`;
  if (freeBytes < admission.diskReserveBytes) {
    return fail('disk', found, `less than disk_reserve: no pod starts; remove images and pods, or lower it`);
  }
  // some file systems have no fixed number of inodes, and say 0
  const short = freeBytes < totalBytes * LOW_SHARE || (inodes > 0 && freeInodes < inodes * LOW_SHARE);
  return short
    ? warn('disk', `${found}, ${freeInodes} inodes`, 'less than a tenth is free: remove images and pods')
    : ok('disk', found);
}

function clock({ now, clocksource }: HostFacts): Finding {
  const found = `${now.toISOString()}, clock source ${clocksource === '' ? 'unknown' : clocksource}`;
  if (now < RELEASED)
    return fail('clock', found, 'it is wrong, so certificates and log times are: start a time service');
  return clocksource === '' || FAST_CLOCKS.includes(clocksource)
    ? ok('clock', found)
    : warn('clock', found, 'slow to read, which slows every VM down: see why the kernel rejects tsc (dmesg)');
}

function openFiles({ openFiles: limit }: HostFacts): Finding {
  return limit >= OPEN_FILES
    ? ok('open files', `${limit} for a process started here`)
    : warn(
        'open files',
        `${limit} for a process started here`,
        `the unit sets LimitNOFILE; elsewhere run ulimit -n ${OPEN_FILES}`,
      );
}
