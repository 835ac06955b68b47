/** Every RPC of CRI v1 and who answers it. A missing one is a compile error. */
import type { handleServerStreamingCall } from '@grpc/grpc-js';
import { BoxError } from '../errors.ts';
import type { ImageServiceHandlers } from './generated/runtime/v1/ImageService.ts';
import type { RuntimeServiceHandlers } from './generated/runtime/v1/RuntimeService.ts';
import { toGrpcError } from './grpc-error.ts';
import type { Cores, Handler } from './handler.ts';
import { imageFsInfo } from './image/image-fs-info.ts';
import { imageStatus } from './image/image-status.ts';
import { listImages } from './image/list-images.ts';
import { pullImage } from './image/pull-image.ts';
import { removeImage } from './image/remove-image.ts';
import { type Instruments, instrument } from './instrument.ts';
import { notBuilt } from './not-built.ts';
import { attach } from './runtime/attach.ts';
import { containerStatus } from './runtime/container-status.ts';
import { createContainer } from './runtime/create-container.ts';
import { exec } from './runtime/exec.ts';
import { execSync } from './runtime/exec-sync.ts';
import { listContainers } from './runtime/list-containers.ts';
import { listPodSandbox } from './runtime/list-pod-sandbox.ts';
import { podSandboxStatus } from './runtime/pod-sandbox-status.ts';
import { portForward } from './runtime/port-forward.ts';
import { removeContainer } from './runtime/remove-container.ts';
import { removePodSandbox } from './runtime/remove-pod-sandbox.ts';
import { runPodSandbox } from './runtime/run-pod-sandbox.ts';
import { runtimeConfig } from './runtime/runtime-config.ts';
import { startContainer } from './runtime/start-container.ts';
import { status } from './runtime/status.ts';
import { stopContainer } from './runtime/stop-container.ts';
import { stopPodSandbox } from './runtime/stop-pod-sandbox.ts';
import { updateContainerResources } from './runtime/update-container-resources.ts';
import { updatePodSandboxResources } from './runtime/update-pod-sandbox-resources.ts';
import { updateRuntimeConfig } from './runtime/update-runtime-config.ts';
import { version } from './runtime/version.ts';

export function runtimeService(cores: Cores, instruments: Instruments): RuntimeServiceHandlers {
  const unary = <Request, Reply>(method: string, handler: Handler<Request, Reply>) =>
    instrument(method, handler, instruments);
  const later = (method: keyof typeof notBuilt) => instrument(method, refuse(method), instruments);
  return {
    Version: unary('Version', version(cores)),
    Status: unary('Status', status(cores)),
    RuntimeConfig: unary('RuntimeConfig', runtimeConfig()),
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
    ReopenContainerLog: later('ReopenContainerLog'),
    Exec: unary('Exec', exec(cores)),
    Attach: unary('Attach', attach(cores)),
    PortForward: unary('PortForward', portForward(cores)),
    ContainerStats: later('ContainerStats'),
    ListContainerStats: later('ListContainerStats'),
    PodSandboxStats: later('PodSandboxStats'),
    ListPodSandboxStats: later('ListPodSandboxStats'),
    ListMetricDescriptors: later('ListMetricDescriptors'),
    ListPodSandboxMetrics: later('ListPodSandboxMetrics'),
    CheckpointContainer: later('CheckpointContainer'),
    GetContainerEvents: refuseStream('GetContainerEvents'),
    StreamPodSandboxes: refuseStream('StreamPodSandboxes'),
    StreamContainers: refuseStream('StreamContainers'),
    StreamContainerStats: refuseStream('StreamContainerStats'),
    StreamPodSandboxStats: refuseStream('StreamPodSandboxStats'),
    StreamPodSandboxMetrics: refuseStream('StreamPodSandboxMetrics'),
  };
}

export function imageService(cores: Cores, instruments: Instruments): ImageServiceHandlers {
  return {
    ListImages: instrument('ListImages', listImages(cores), instruments),
    ImageStatus: instrument('ImageStatus', imageStatus(cores), instruments),
    PullImage: instrument('PullImage', pullImage(cores), instruments),
    RemoveImage: instrument('RemoveImage', removeImage(cores), instruments),
    ImageFsInfo: instrument('ImageFsInfo', imageFsInfo(cores), instruments),
    StreamImages: refuseStream('StreamImages'),
  };
}

function refuse(method: keyof typeof notBuilt): Handler<unknown, never> {
  return () => {
    throw new BoxError('NOT_BUILT', notBuilt[method]);
  };
}

function refuseStream<Request, Reply>(method: keyof typeof notBuilt): handleServerStreamingCall<Request, Reply> {
  return (call) => {
    call.emit('error', toGrpcError(method, new BoxError('NOT_BUILT', notBuilt[method])));
  };
}
