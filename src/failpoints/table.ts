/**
 * Every step of the operations that change the host, in the order of a pod's life. A failpoint stands behind its step: at
 * `run.namespace-made` the namespace exists, and the next step has not begun.
 */
export const failpoints = {
  PullImage: [
    'pull.resolved',
    'pull.manifest-read',
    'pull.config-read',
    'pull.layer-converted',
    'pull.layer-published',
    'pull.layers-synced',
    'pull.recorded',
  ],
  RunPodSandbox: [
    'run.cgroup-made',
    'run.network-recorded',
    'run.namespace-made',
    'run.plugin-added',
    'run.network-added',
    'run.taps-joined',
    'run.shares-made',
    'run.scratch-copied',
    'run.folder-made',
    'run.shim-spawned',
    'run.shim-recorded',
    'run.shim-confined',
    'run.shim-configured',
    'run.guest-ready',
    'run.guest-configured',
    'run.guest-watched',
    'run.recorded',
  ],
  CreateContainer: [
    'create.layers-linked',
    'create.volumes-added',
    'create.images-mounted',
    'create.spec-saved',
    'create.made-in-guest',
    'create.recorded',
  ],
  StartContainer: ['start.log-opened', 'start.started-in-guest', 'start.recorded'],
  StopPodSandbox: [
    'stop.containers-killed',
    'stop.vm-ended',
    'stop.recorded',
    'stop.folder-deleted',
    'stop.cgroup-removed',
    'stop.network-deleted',
    'stop.namespace-deleted',
    'stop.network-forgotten',
  ],
  RemovePodSandbox: ['remove.stopped', 'remove.unmounted', 'remove.folder-deleted'],
} as const;

export type FailpointOperation = keyof typeof failpoints;
export type Failpoint = (typeof failpoints)[FailpointOperation][number];

export const allFailpoints: readonly Failpoint[] = Object.values(failpoints).flat();

/** What happens to whoever comes to an armed failpoint. `delay:<ms>` goes on afterwards. */
export type FailpointAction = 'error' | 'crash' | `delay:${number}`;
