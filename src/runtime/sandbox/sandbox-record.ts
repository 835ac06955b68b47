/** `sandbox.json`: the truth about one sandbox. It exists once the sandbox was READY; a folder without it is half-made. */
import { z } from 'zod';
import { boxConfigSchema } from '../box-config.ts';
import { nanosSchema, sandboxConfigSchema } from '../model.ts';
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
  network: z.object({ netns: z.string(), tap: z.string(), mac: z.string(), ips: z.array(z.string()) }),
  bootTimings: bootTimingsSchema,
  guest: z.object({ kernelRelease: z.string(), agentVersion: z.string() }),
});
export type SandboxRecord = z.infer<typeof sandboxRecordSchema>;
