/** `sandbox.json`: the truth about one sandbox. It exists once the sandbox was READY; a folder without it is half-made. */
import { z } from 'zod';
import { boxConfigSchema } from '../box-config.ts';
import { nanosSchema, sandboxConfigSchema } from '../model.ts';
import { networkAttachmentSchema } from '../network/pod-network.ts';
import { bootTimingsSchema } from '../vm/boot-timings.ts';

export const sandboxRecordSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  config: sandboxConfigSchema,
  handler: z.string(),
  state: z.enum(['READY', 'NOTREADY']),
  reason: z.string(),
  createdAt: nanosSchema,
  box: boxConfigSchema,
  network: networkAttachmentSchema,
  bootTimings: bootTimingsSchema,
  guest: z.object({ kernelRelease: z.string(), agentVersion: z.string() }),
});
export type SandboxRecord = z.infer<typeof sandboxRecordSchema>;
