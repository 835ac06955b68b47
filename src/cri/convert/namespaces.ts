/** NamespaceOption → the runtime's namespaces; what a VM cannot share with its host is refused. */
import { BoxError } from '../../errors.ts';
import type { Namespaces } from '../../runtime/model.ts';
import type { NamespaceOption__Output } from '../generated/runtime/v1/NamespaceOption.ts';

/** An absent message means its zero values: everything POD. */
export function toNamespaces(options: NamespaceOption__Output | null): Namespaces {
  if (options === null) return { network: 'POD', pid: 'POD', ipc: 'POD', targetId: '' };
  if (options.network === 'NODE') {
    throw new BoxError('NOT_SUPPORTED', 'hostNetwork pods cannot run in a microVM: use another runtime class');
  }
  if (options.ipc === 'NODE') {
    throw new BoxError('NOT_SUPPORTED', 'hostIPC pods cannot run in a microVM: use another runtime class');
  }
  if (options.pid === 'TARGET') {
    throw new BoxError('NOT_BUILT', 'pid namespace mode TARGET (ephemeral debug containers) is not supported yet');
  }
  if (options.usernsOptions?.mode === 'POD') {
    throw new BoxError(
      'NOT_SUPPORTED',
      'user namespaces are not supported: the VM isolates the pod, set hostUsers to true',
    );
  }
  return { network: options.network, pid: options.pid, ipc: options.ipc, targetId: options.targetId };
}
