/**
 * The OCI runtime spec a container was created with, kept beside its record for `crictl inspect`.
 * Without the values of its environment: secrets come that way, and nobody inspects a container for them.
 */
import { z } from 'zod';
import type { OciSpec } from '../oci-types.ts';
import { containerSpecPath, type SandboxPaths } from '../paths.ts';
import { exists } from '../store/folder.ts';
import { deleteVolatile, readRecord, writeVolatile } from '../store/record-file.ts';

const specSchema = z.record(z.string(), z.unknown());

export async function saveSpec(paths: SandboxPaths, containerId: string, spec: OciSpec): Promise<void> {
  await writeVolatile(containerSpecPath(paths, containerId), withoutSecrets(spec));
}

/** Undefined for a container of an earlier release. */
export async function readSpec(
  paths: SandboxPaths,
  containerId: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const path = containerSpecPath(paths, containerId);
  return (await exists(path)) ? readRecord(path, specSchema) : undefined;
}

export async function deleteSpec(paths: SandboxPaths, containerId: string): Promise<void> {
  await deleteVolatile(containerSpecPath(paths, containerId));
}

/** The names of the environment, `NAME=` each. */
export function withoutSecrets(spec: OciSpec): OciSpec {
  const env = spec.process.env.map((entry) => `${entry.split('=', 1)[0] ?? ''}=`);
  return { ...spec, process: { ...spec.process, env } };
}
