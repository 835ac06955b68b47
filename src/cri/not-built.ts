/** RPCs that answer UNIMPLEMENTED, each with a sentence that reaches the user. */
export const notBuilt = {
  CheckpointContainer: 'a container cannot be taken out of its microVM: checkpoints are not supported by design',
} as const;
