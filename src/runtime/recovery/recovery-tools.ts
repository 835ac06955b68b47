/** What a recovery works with: the part of the runtime's context that must work before anything is served. */
import type { Admission } from '../admission/admission.ts';
import type { Cgroups } from '../cgroup/cgroups.ts';
import type { RuntimeContext } from '../context.ts';
import type { PodNetwork } from '../network/pod-network.ts';

export interface RecoveryTools
  extends Pick<RuntimeContext, 'root' | 'state' | 'index' | 'events' | 'log' | 'tokenFor' | 'heartbeatMs'> {
  readonly network: Pick<PodNetwork, 'detach' | 'traces' | 'reconcile'>;
  readonly cgroups: Pick<Cgroups, 'remove' | 'find' | 'watchOom'>;
  readonly admission: Pick<Admission, 'booting'>;
}
