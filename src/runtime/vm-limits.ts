/** What a VM can give is fixed when it boots: libkrun adds neither memory nor processors to one that runs. Pure. */
import { BoxError } from '../errors.ts';
import type { BoxConfig } from './box-config.ts';
import type { Resources } from './model.ts';

const MIB = 1024 * 1024;

/** VM_TOO_SMALL for a memory limit that the VM could never let its holder reach. */
export function requireMemory(
  who: string,
  resources: Resources | undefined,
  { memoryMiB }: Pick<BoxConfig, 'memoryMiB'>,
): void {
  const limit = resources?.memoryLimitBytes ?? 0;
  if (limit <= memoryMiB * MIB) return;
  throw new BoxError(
    'VM_TOO_SMALL',
    `${who}: a memory limit of ${Math.ceil(limit / MIB)} MiB is more than the ${memoryMiB} MiB of its VM, which cannot grow: make the pod anew with that limit`,
  );
}

/** VM_TOO_SMALL if the pod as a whole is to get more processor time than the VM's processors have. */
export function requireProcessors(
  who: string,
  resources: Resources | undefined,
  { vcpus }: Pick<BoxConfig, 'vcpus'>,
): void {
  if (resources === undefined || resources.cpuPeriod <= 0) return;
  const wanted = resources.cpuQuota / resources.cpuPeriod;
  if (wanted <= vcpus) return;
  throw new BoxError(
    'VM_TOO_SMALL',
    `${who}: a limit of ${wanted} processors is more than the ${vcpus} of its VM, which cannot grow: make the pod anew with that limit`,
  );
}
