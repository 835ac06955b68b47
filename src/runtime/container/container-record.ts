/** `containers/<id>.json`: the truth about one container. */
import { z } from 'zod';
import { containerConfigSchema, nanosSchema } from '../model.ts';

export const containerRecordSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  sandboxId: z.string(),
  config: containerConfigSchema,
  imageId: z.string(),
  imageName: z.string(),
  state: z.enum(['CREATED', 'RUNNING', 'EXITED']),
  createdAt: nanosSchema,
  startedAt: nanosSchema,
  finishedAt: nanosSchema,
  exitCode: z.number().int(),
  reason: z.string(),
  message: z.string(),
  logPath: z.string(),
  /** The signal StopContainer sends first: config, else image, else SIGTERM. */
  stopSignal: z.string(),
  user: z
    .object({ uid: z.number().int(), gid: z.number().int(), supplementalGroups: z.array(z.number().int()) })
    .optional(),
  volumeImages: z.record(z.string(), z.string()).default({}),
});
export type ContainerRecord = z.infer<typeof containerRecordSchema>;

export const EXIT_CODE_START_FAILED = 128;
/** What containerd reports for a process whose end nobody saw. */
export const EXIT_CODE_UNKNOWN = 255;

/** How a container ended, as ContainerStatus tells it. */
export interface ContainerEnd {
  readonly exitCode: number;
  readonly reason: 'Completed' | 'Error' | 'OOMKilled' | 'StartError' | 'Unknown';
  readonly message: string;
  readonly finishedAt: string;
}

/** kubelet's words for an exit that the guest reported. */
export function endReason(exitCode: number, oomKilled: boolean): ContainerEnd['reason'] {
  if (oomKilled) return 'OOMKilled';
  return exitCode === 0 ? 'Completed' : 'Error';
}
