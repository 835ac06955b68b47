/** Every RPC of CRI v1 and who answers it. A missing one is a compile error. */
import { BoxError } from '../errors.ts';
import type { ImageServiceHandlers } from './generated/runtime/v1/ImageService.ts';
import type { RuntimeServiceHandlers } from './generated/runtime/v1/RuntimeService.ts';
import type { Cores, Handler, StreamHandler } from './handler.ts';
import { imageFsInfo } from './image/image-fs-info.ts';
import { imageStatus } from './image/image-status.ts';
import { listImages } from './image/list-images.ts';
import { pullImage } from './image/pull-image.ts';
import { removeImage } from './image/remove-image.ts';
import { streamImages } from './image/stream-images.ts';
import { type Instruments, instrument } from './instrument.ts';
import { instrumentStream } from './instrument-stream.ts';
import { notBuilt } from './not-built.ts';
import { attach } from './runtime/attach.ts';
import { containerStats } from './runtime/container-stats.ts';
import { containerStatus } from './runtime/container-status.ts';
import { createContainer } from './runtime/create-container.ts';
import { exec } from './runtime/exec.ts';
import { execSync } from './runtime/exec-sync.ts';
import { getContainerEvents } from './runtime/get-container-events.ts';
import { listContainerStats } from './runtime/list-container-stats.ts';
import { listContainers } from './runtime/list-containers.ts';
import { listMetricDescriptors } from './runtime/list-metric-descriptors.ts';
import { listPodSandbox } from './runtime/list-pod-sandbox.ts';
import { listPodSandboxMetrics } from './runtime/list-pod-sandbox-metrics.ts';
import { listPodSandboxStats } from './runtime/list-pod-sandbox-stats.ts';
import { podSandboxStats } from './runtime/pod-sandbox-stats.ts';
import { podSandboxStatus } from './runtime/pod-sandbox-status.ts';
import { portForward } from './runtime/port-forward.ts';
import { removeContainer } from './runtime/remove-container.ts';
import { removePodSandbox } from './runtime/remove-pod-sandbox.ts';
import { reopenContainerLog } from './runtime/reopen-container-log.ts';
import { runPodSandbox } from './runtime/run-pod-sandbox.ts';
import { runtimeConfig } from './runtime/runtime-config.ts';
import { startContainer } from './runtime/start-container.ts';
import { status } from './runtime/status.ts';
import { stopContainer } from './runtime/stop-container.ts';
import { stopPodSandbox } from './runtime/stop-pod-sandbox.ts';
import { streamContainerStats } from './runtime/stream-container-stats.ts';
import { streamContainers } from './runtime/stream-containers.ts';
import { streamPodSandboxMetrics } from './runtime/stream-pod-sandbox-metrics.ts';
import { streamPodSandboxStats } from './runtime/stream-pod-sandbox-stats.ts';
import { streamPodSandboxes } from './runtime/stream-pod-sandboxes.ts';
import { updateContainerResources } from './runtime/update-container-resources.ts';
import { updatePodSandboxResources } from './runtime/update-pod-sandbox-resources.ts';
import { updateRuntimeConfig } from './runtime/update-runtime-config.ts';
import { version } from './runtime/version.ts';

/** `stopping` ends the streams that would not end by themselves. */
export function runtimeService(cores: Cores, instruments: Instruments, stopping: AbortSignal): RuntimeServiceHandlers {
  const unary = <Request, Reply>(method: string, handler: Handler<Request, Reply>) =>
    instrument(method, handler, instruments);
  const stream = <Request, Reply>(method: string, handler: StreamHandler<Request, Reply>) =>
    instrumentStream(method, handler, instruments, stopping);
  const later = (method: keyof typeof notBuilt) => instrument(method, refuse(method), instruments);
  return {
    Version: unary('Version', version(cores)),
    Status: unary('Status', status(cores)),
    RuntimeConfig: unary('RuntimeConfig', runtimeConfig(cores)),
    UpdateRuntimeConfig: unary('UpdateRuntimeConfig', updateRuntimeConfig()),
    RunPodSandbox: unary('RunPodSandbox', runPodSandbox(cores)),
    StopPodSandbox: unary('StopPodSandbox', stopPodSandbox(cores)),
    RemovePodSandbox: unary('RemovePodSandbox', removePodSandbox(cores)),
    PodSandboxStatus: unary('PodSandboxStatus', podSandboxStatus(cores)),
    ListPodSandbox: unary('ListPodSandbox', listPodSandbox(cores)),
    CreateContainer: unary('CreateContainer', createContainer(cores)),
    StartContainer: unary('StartContainer', startContainer(cores)),
    StopContainer: unary('StopContainer', stopContainer(cores)),
    RemoveContainer: unary('RemoveContainer', removeContainer(cores)),
    ListContainers: unary('ListContainers', listContainers(cores)),
    ContainerStatus: unary('ContainerStatus', containerStatus(cores)),
    ExecSync: unary('ExecSync', execSync(cores)),
    UpdateContainerResources: unary('UpdateContainerResources', updateContainerResources(cores)),
    UpdatePodSandboxResources: unary('UpdatePodSandboxResources', updatePodSandboxResources(cores)),
    ReopenContainerLog: unary('ReopenContainerLog', reopenContainerLog(cores)),
    Exec: unary('Exec', exec(cores)),
    Attach: unary('Attach', attach(cores)),
    PortForward: unary('PortForward', portForward(cores)),
    ContainerStats: unary('ContainerStats', containerStats(cores)),
    ListContainerStats: unary('ListContainerStats', listContainerStats(cores)),
    PodSandboxStats: unary('PodSandboxStats', podSandboxStats(cores)),
    ListPodSandboxStats: unary('ListPodSandboxStats', listPodSandboxStats(cores)),
    ListMetricDescriptors: unary('ListMetricDescriptors', listMetricDescriptors()),
    ListPodSandboxMetrics: unary('ListPodSandboxMetrics', listPodSandboxMetrics(cores)),
    CheckpointContainer: later('CheckpointContainer'),
    GetContainerEvents: stream('GetContainerEvents', getContainerEvents(cores)),
    StreamPodSandboxes: stream('StreamPodSandboxes', streamPodSandboxes(cores)),
    StreamContainers: stream('StreamContainers', streamContainers(cores)),
    StreamContainerStats: stream('StreamContainerStats', streamContainerStats(cores)),
    StreamPodSandboxStats: stream('StreamPodSandboxStats', streamPodSandboxStats(cores)),
    StreamPodSandboxMetrics: stream('StreamPodSandboxMetrics', streamPodSandboxMetrics(cores)),
  };
}

export function imageService(cores: Cores, instruments: Instruments, stopping: AbortSignal): ImageServiceHandlers {
  return {
    ListImages: instrument('ListImages', listImages(cores), instruments),
    ImageStatus: instrument('ImageStatus', imageStatus(cores), instruments),
    PullImage: instrument('PullImage', pullImage(cores), instruments),
    RemoveImage: instrument('RemoveImage', removeImage(cores), instruments),
    ImageFsInfo: instrument('ImageFsInfo', imageFsInfo(cores), instruments),
    StreamImages: instrumentStream('StreamImages', streamImages(cores), instruments, stopping),
  };
}

function refuse(method: keyof typeof notBuilt): Handler<unknown, never> {
  return () => {
    throw new BoxError('NOT_BUILT', notBuilt[method]);
  };
}
