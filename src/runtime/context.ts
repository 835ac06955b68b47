/** What every operation of the runtime works with. */
import type { ImageService } from '../image/image-service.ts';
import type { Admission } from './admission/admission.ts';
import type { BoxDefaults } from './box-config.ts';
import type { Cgroups } from './cgroup/cgroups.ts';
import type { EventHub } from './events/event-hub.ts';
import type { Log } from './log.ts';
import type { PodNetwork } from './network/pod-network.ts';
import type { SandboxIndex } from './sandbox/sandbox-index.ts';
import type { SharedCalls } from './shared-calls.ts';
import type { VmParts } from './vm/vm.ts';

export interface RuntimeContext {
  readonly root: string;
  readonly state: string;
  readonly parts: VmParts;
  readonly defaults: BoxDefaults;
  /** How long a guest's heartbeat may stay away. */
  readonly heartbeatMs: number;
  /** guest-init's binary on the same file system as the sandboxes. */
  readonly guestInit: string;
  readonly scratchTemplate: string;
  readonly images: ImageService;
  readonly network: PodNetwork;
  readonly cgroups: Cgroups;
  readonly admission: Admission;
  readonly index: SandboxIndex;
  readonly events: EventHub;
  /** RunPodSandbox calls under way, by pod name. */
  readonly runs: SharedCalls;
  /** Per-boot token of a sandbox; derived, so that it stands in no state file. */
  readonly tokenFor: (sandboxId: string) => string;
  readonly log: Log;
}
