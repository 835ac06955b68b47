/** A process in the place of a VMM: a Vm of which everything is real but the guest, who never answers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { hostCommand } from '../runtime/host/host-command.ts';
import type { RunPaths } from '../runtime/paths.ts';
import { writeVolatile } from '../runtime/store/record-file.ts';
import { Vm } from '../runtime/vm/vm.ts';
import { identify } from '../shim/identity.ts';

/** The VM ends with the process, which has printed `was here` on its console. */
export async function standInVm(paths: RunPaths): Promise<{ readonly vm: Vm; readonly process: ChildProcess }> {
  await mkdir(paths.run, { recursive: true });
  const { child, console } = await spawnOnConsole(paths.console, 'sh', ['-c', 'echo was here; exec sleep 600']);
  await writeVolatile(paths.shimRecord, identify(child.pid ?? 0));
  const vm = await Vm.adopt(paths, 'ab');
  await console.close();
  if (vm === undefined) throw new Error('the process has ended already');
  return { vm, process: child };
}

/** A process whose stdout is a new FIFO at `path`; close `console` when somebody else reads it, or it is to end with the process. */
export async function spawnOnConsole(
  path: string,
  command: string,
  args: readonly string[],
): Promise<{ readonly child: ChildProcess; readonly console: FileHandle }> {
  await hostCommand('mkfifo', [path]);
  // both ends: opening does not wait for a reader
  const console = await open(path, 'r+');
  const child = spawn(command, args, { stdio: ['ignore', console.fd, 'inherit'] });
  await once(child, 'spawn');
  return { child, console };
}
