/** A process in the place of a VMM: a Vm of which everything is real but the guest, who never answers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import { hostCommand } from '../runtime/host/host-command.ts';
import type { RunPaths } from '../runtime/paths.ts';
import { writeVolatile } from '../runtime/store/record-file.ts';
import { Vm } from '../runtime/vm/vm.ts';
import { identify } from '../shim/identity.ts';

/** The VM ends with the process, which has printed `was here` on its console. */
export async function standInVm(paths: RunPaths): Promise<{ readonly vm: Vm; readonly process: ChildProcess }> {
  await mkdir(paths.run, { recursive: true });
  await hostCommand('mkfifo', [paths.console]);
  // both ends: opening does not wait for a reader
  const console = await open(paths.console, 'r+');
  const child = spawn('sh', ['-c', 'echo was here; exec sleep 600'], { stdio: ['ignore', console.fd, 'inherit'] });
  await once(child, 'spawn');
  await writeVolatile(paths.shimRecord, identify(child.pid ?? 0));
  const vm = await Vm.adopt(paths, 'ab');
  await console.close();
  if (vm === undefined) throw new Error('the process has ended already');
  return { vm, process: child };
}
