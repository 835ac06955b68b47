/** Wires the runtime together and recovers what an earlier daemon left. */
import { mkdir } from 'node:fs/promises';
import type { ImageService } from '../image/image-service.ts';
import { Admission, type AdmissionLimits, hostResources } from './admission/admission.ts';
import { type CgroupDriver, openCgroups } from './cgroup/cgroups.ts';
import type { RuntimeContext } from './context.ts';
import { EventHub } from './events/event-hub.ts';
import { HostChecks } from './host/host-checks.ts';
import { installGuestInit } from './host/install-guest-init.ts';
import { openTokenKey } from './host/token-key.ts';
import { removeUnfinished } from './host/unfinished.ts';
import type { Log } from './log.ts';
import { CniNetwork } from './network/cni-network.ts';
import type { DefaultNetworkOptions } from './network/default-network.ts';
import { recover } from './recovery/recover.ts';
import { Runtime } from './runtime.ts';
import { SandboxIndex } from './sandbox/sandbox-index.ts';
import { scratchTemplate } from './share/scratch.ts';
import { SharedCalls } from './shared-calls.ts';
import { exists } from './store/folder.ts';

export interface RuntimeOptions {
  /** Durable state, e.g. /var/lib/a3s-box. */
  readonly root: string;
  /** Volatile state, e.g. /run/a3s-box. */
  readonly state: string;
  readonly libkrun: string;
  readonly kernelDir: string;
  readonly guestInit: string;
  readonly shim: string;
  readonly scratchBytes: number;
  readonly defaultMemoryMiB: number;
  readonly defaultVcpus: number;
  readonly bootTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly admission: AdmissionLimits;
  readonly cgroupDriver: CgroupDriver | 'auto';
  readonly cni: CniSettings;
  readonly images: ImageService;
  readonly log: Log;
}

export interface CniSettings {
  readonly confDir: string;
  readonly binDirs: readonly string[];
  readonly timeoutMs: number;
  readonly gc: boolean;
  readonly defaultNetwork: DefaultNetworkOptions | undefined;
}

/** Everything earlier sandboxes need is up when this resolves. */
export async function openRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { root, state, log, images } = options;
  for (const dir of [root, state]) await mkdir(dir, { recursive: true, mode: 0o711 });
  await removeUnfinished(root, log);
  const parts = {
    libkrun: options.libkrun,
    kernelDir: options.kernelDir,
    shimBundle: options.shim,
    bootTimeoutMs: options.bootTimeoutMs,
  };
  const [tokenFor, template, guestInit, network, cgroups] = await Promise.all([
    openTokenKey(root),
    scratchTemplate(root, options.scratchBytes),
    // a missing guest-init is a condition that Status shows, not a reason not to start
    exists(options.guestInit).then((there) => (there ? installGuestInit(root, options.guestInit) : options.guestInit)),
    openNetwork(options),
    openCgroups(options.cgroupDriver),
  ]);
  const index = new SandboxIndex();
  const context: RuntimeContext = {
    root,
    state,
    parts,
    defaults: { vcpus: options.defaultVcpus, memoryMiB: options.defaultMemoryMiB, scratchBytes: options.scratchBytes },
    heartbeatMs: options.heartbeatMs,
    guestInit,
    scratchTemplate: template,
    images,
    network,
    cgroups,
    admission: new Admission(
      options.admission,
      () => index.all().flatMap(({ record }) => (record.state === 'READY' ? [record.box] : [])),
      () => hostResources(root),
    ),
    index,
    events: new EventHub(),
    runs: new SharedCalls(),
    tokenFor,
    log,
  };
  await recover(context);
  return new Runtime(context, new HostChecks(parts, options.guestInit));
}

function openNetwork({ root, state, cni, log }: RuntimeOptions): Promise<CniNetwork> {
  const { confDir, binDirs, timeoutMs, gc, defaultNetwork } = cni;
  return CniNetwork.open({ root, state, confDir, limits: { binDirs, timeoutMs }, gc, defaultNetwork, log });
}
