/** The shims of one daemon, also those whose run folder is gone. */
import { killExactly } from '../../shim/identity.ts';
import { runFolders } from '../paths.ts';
import { shimProcesses } from '../vm/shim-processes.ts';
import type { Trace } from './trace.ts';

export async function findShims(state: string): Promise<readonly Trace[]> {
  return (await shimProcesses(runFolders(state))).map(({ identity, folder }) => ({
    kind: 'shim',
    name: `process ${identity.pid}`,
    owner: folder,
    remove: async () => killExactly(identity),
  }));
}
