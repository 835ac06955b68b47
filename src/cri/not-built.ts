/** RPCs that answer UNIMPLEMENTED, each with a sentence that reaches the user. */
export const notBuilt = {
  UpdateContainerResources: 'resources of a running container cannot be changed yet',
  UpdatePodSandboxResources: 'resources of a running sandbox cannot be changed yet',
  Exec: 'streaming exec is not built yet: use exec --sync',
  Attach: 'attach is not built yet',
  PortForward: 'port forwarding is not built yet',
  CheckpointContainer: 'a container cannot be taken out of its microVM: checkpoints are not supported by design',
} as const;
