/** The OCI image config (image-spec config.md; Docker's is the same with more fields). */
import { z } from 'zod';
import { BoxError } from '../errors.ts';
import { digestSchema } from './digest.ts';
import type { ImageConfig } from './image-service.ts';

const stringList = z.array(z.string()).nullish();
const text = z.string().nullish();

const configSchema = z.object({
  architecture: z.string().optional(),
  os: z.string().optional(),
  config: z
    .object({
      User: text,
      Env: stringList,
      Entrypoint: stringList,
      Cmd: stringList,
      WorkingDir: text,
      StopSignal: text,
      Labels: z.record(z.string(), z.string()).nullish(),
    })
    .nullish(),
  rootfs: z.object({ type: z.literal('layers'), diff_ids: z.array(digestSchema).nullish() }),
});

export interface ParsedConfig {
  readonly config: ImageConfig;
  /** Bottom first. */
  readonly diffIds: readonly string[];
}

/**
 * Parses a config blob. `what` names the image in errors.
 * @throws BoxError MANIFEST_INVALID if it is malformed or not for linux/amd64.
 */
export function parseImageConfig(bytes: Buffer, what: string): ParsedConfig {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new BoxError('MANIFEST_INVALID', `config of ${what} is not JSON`, { cause: error });
  }
  const parsed = configSchema.safeParse(value);
  if (!parsed.success)
    throw new BoxError('MANIFEST_INVALID', `config of ${what}: ${z.prettifyError(parsed.error)}`, {
      cause: parsed.error,
    });
  const { os = '', architecture = '', config, rootfs } = parsed.data;
  if ((os !== '' && os !== 'linux') || (architecture !== '' && architecture !== 'amd64')) {
    throw new BoxError('MANIFEST_INVALID', `image ${what} is for ${os}/${architecture}; this node runs linux/amd64`);
  }
  return {
    diffIds: rootfs.diff_ids ?? [],
    config: {
      user: config?.User ?? '',
      env: config?.Env ?? [],
      entrypoint: config?.Entrypoint ?? [],
      cmd: config?.Cmd ?? [],
      workingDir: config?.WorkingDir ?? '',
      stopSignal: config?.StopSignal ?? '',
      labels: config?.Labels ?? {},
    },
  };
}
