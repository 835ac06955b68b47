/** NamespaceOption → the runtime's namespaces; what a VM cannot share with its host is refused. */
import { BoxError } from '../../errors.ts';
import type { Namespaces } from '../../runtime/model.ts';
import type { NamespaceOption__Output } from '../generated/runtime/v1/NamespaceOption.ts';
import type { UserNamespace__Output } from '../generated/runtime/v1/UserNamespace.ts';

/** An absent message means its zero values: everything POD. */
export function toNamespaces(options: NamespaceOption__Output | null): Namespaces {
  if (options === null) return { network: 'POD', pid: 'POD', ipc: 'POD', targetId: '' };
  const { network, pid, ipc, targetId, usernsOptions } = options;
  refuseHost('hostNetwork', network);
  refuseHost('hostIPC', ipc);
  if (network !== 'POD')
    throw new BoxError('INVALID_REQUEST', `network namespace mode ${network} does not exist: use POD`);
  if (ipc === 'TARGET') {
    throw new BoxError('INVALID_REQUEST', 'ipc namespace mode TARGET does not exist: use POD or CONTAINER');
  }
  if (pid === 'TARGET' && targetId === '') {
    throw new BoxError('INVALID_REQUEST', 'pid namespace mode TARGET needs the target_id of a container');
  }
  if (usernsOptions !== null) refuseUserNamespace(usernsOptions);
  return { network, pid, ipc, targetId };
}

function refuseHost(what: string, mode: NamespaceOption__Output['network']): void {
  if (mode === 'NODE') {
    throw new BoxError('NOT_SUPPORTED', `${what} pods cannot run in a microVM: use another runtime class`);
  }
}

/** No handler says that it has them (Status), so that kubelet does not ask. */
function refuseUserNamespace({ mode, uids, gids }: UserNamespace__Output): void {
  if (mode === 'NODE' && uids.length === 0 && gids.length === 0) return;
  throw new BoxError(
    'NOT_SUPPORTED',
    mode === 'NODE'
      ? 'user namespace mode NODE takes no id mappings'
      : 'user namespaces are not supported: the VM isolates the pod, set hostUsers to true',
  );
}
