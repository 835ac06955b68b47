/** The parts of the OCI runtime spec (config.json, v1.2) that guest-init understands. */

export interface OciMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

export interface OciCapabilities {
  readonly bounding: readonly string[];
  readonly effective: readonly string[];
  readonly permitted: readonly string[];
  readonly inheritable: readonly string[];
  readonly ambient: readonly string[];
}

export interface OciNamespace {
  readonly type: 'mount' | 'pid' | 'ipc' | 'uts' | 'cgroup';
}

/** What may be done with a device, or with all that the absent fields leave open; later rules win. */
export interface OciDeviceRule {
  readonly allow: boolean;
  readonly type?: 'b' | 'c';
  readonly major?: number;
  readonly minor?: number;
  /** Letters of `rwm`. */
  readonly access: string;
}

export interface OciRlimit {
  readonly type: string;
  readonly soft: number;
  readonly hard: number;
}

export interface OciResources {
  readonly memory?: { readonly limit?: number; readonly swap?: number };
  readonly cpu?: {
    readonly shares?: number;
    readonly quota?: number;
    readonly period?: number;
    readonly cpus?: string;
    readonly mems?: string;
  };
  readonly pids?: { readonly limit: number };
  readonly devices?: readonly OciDeviceRule[];
  readonly unified?: Readonly<Record<string, string>>;
}

export interface OciSpec {
  readonly ociVersion: string;
  readonly hostname: string;
  readonly root: { readonly path: string; readonly readonly: boolean };
  readonly process: {
    readonly terminal: boolean;
    readonly user: { readonly uid: number; readonly gid: number };
    readonly args: readonly string[];
    readonly env: readonly string[];
    readonly cwd: string;
    readonly capabilities: OciCapabilities;
    readonly noNewPrivileges: boolean;
    readonly oomScoreAdj?: number;
    readonly rlimits: readonly OciRlimit[];
  };
  readonly mounts: readonly OciMount[];
  readonly linux: {
    readonly namespaces: readonly OciNamespace[];
    readonly maskedPaths: readonly string[];
    readonly readonlyPaths: readonly string[];
    readonly resources: OciResources;
  };
  /** `a3s.user` holds what OCI cannot say: names to be resolved inside the image (guest.proto). */
  readonly annotations: Readonly<Record<string, string>>;
}
