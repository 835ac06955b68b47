/** Plain configurations for tests: everything at CRI's zero values, the test names only what it is about. */
import type {
  ContainerConfig,
  ContainerSecurity,
  Mount,
  Namespaces,
  Resources,
  SandboxConfig,
} from '../runtime/model.ts';

export function resources(over: Partial<Resources> = {}): Resources {
  return {
    cpuPeriod: 0,
    cpuQuota: 0,
    cpuShares: 0,
    memoryLimitBytes: 0,
    memorySwapLimitBytes: 0,
    oomScoreAdj: 0,
    cpusetCpus: '',
    cpusetMems: '',
    unified: {},
    ...over,
  };
}

export function namespaces(over: Partial<Namespaces> = {}): Namespaces {
  return { network: 'POD', pid: 'CONTAINER', ipc: 'POD', targetId: '', ...over };
}

export function sandboxConfig(over: Partial<SandboxConfig> = {}): SandboxConfig {
  return {
    metadata: { name: 'pod', uid: 'uid', namespace: 'default', attempt: 0 },
    hostname: '',
    logDirectory: '',
    dns: { servers: [], searches: [], options: [] },
    portMappings: [],
    labels: {},
    annotations: {},
    cgroupParent: '',
    sysctls: {},
    namespaces: namespaces(),
    privileged: false,
    ...over,
  };
}

export function containerSecurity(over: Partial<ContainerSecurity> = {}): ContainerSecurity {
  return {
    runAsUsername: '',
    supplementalGroups: [],
    supplementalGroupsPolicy: 'Merge',
    privileged: false,
    addCapabilities: [],
    dropCapabilities: [],
    addAmbientCapabilities: [],
    noNewPrivs: false,
    readonlyRootfs: false,
    maskedPaths: [],
    readonlyPaths: [],
    namespaces: namespaces(),
    seccomp: { type: 'Unconfined' },
    ...over,
  };
}

export function mount(over: Partial<Mount> = {}): Mount {
  return {
    containerPath: '/data',
    hostPath: '',
    readonly: false,
    recursiveReadonly: false,
    propagation: 'PRIVATE',
    selinuxRelabel: false,
    imageSubPath: '',
    ...over,
  };
}

export function containerConfig(over: Partial<ContainerConfig> = {}): ContainerConfig {
  return {
    metadata: { name: 'main', attempt: 0 },
    image: `sha256:${'0'.repeat(64)}`,
    userSpecifiedImage: '',
    command: [],
    args: [],
    workingDir: '',
    envs: [],
    mounts: [],
    devices: [],
    labels: {},
    annotations: {},
    logPath: '',
    stdin: false,
    stdinOnce: false,
    tty: false,
    stopSignal: '',
    security: containerSecurity(),
    ...over,
  };
}
