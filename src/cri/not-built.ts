/** RPCs that answer UNIMPLEMENTED, each with a sentence that reaches the user. */
export const notBuilt = {
  ReopenContainerLog: 'container logs cannot be rotated yet',
  ContainerStats: 'container statistics are not built yet',
  ListContainerStats: 'container statistics are not built yet',
  PodSandboxStats: 'sandbox statistics are not built yet',
  ListPodSandboxStats: 'sandbox statistics are not built yet',
  ListMetricDescriptors: 'metrics over CRI are not built yet',
  ListPodSandboxMetrics: 'metrics over CRI are not built yet',
  CheckpointContainer: 'checkpoints of microVM containers are not supported',
  GetContainerEvents: 'container events are not built yet: kubelet falls back to listing',
  StreamPodSandboxes: 'streamed lists are not built yet: the client falls back to unary ones',
  StreamContainers: 'streamed lists are not built yet: the client falls back to unary ones',
  StreamContainerStats: 'streamed lists are not built yet: the client falls back to unary ones',
  StreamPodSandboxStats: 'streamed lists are not built yet: the client falls back to unary ones',
  StreamPodSandboxMetrics: 'streamed lists are not built yet: the client falls back to unary ones',
  StreamImages: 'streamed lists are not built yet: the client falls back to unary ones',
} as const;
