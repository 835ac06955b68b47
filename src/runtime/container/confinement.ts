/** What the guest is told of a container's confinement beside its OCI spec. */
import { BoxError } from '../../errors.ts';
import type { CreateContainerRequest } from '../../guest-client/generated/a3s/guest/v1/CreateContainerRequest.ts';
import type { ContainerSecurity } from '../model.ts';
import type { OciSpec } from '../oci-types.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { seccompFilter } from '../seccomp/filter.ts';

type Confinement = Pick<CreateContainerRequest, 'seccomp' | 'pidNamespaceOf' | 'podPids' | 'allDevices'>;

/** INVALID_REQUEST, CONTAINER_STATE or PROFILE_INVALID for what this sandbox cannot give. */
export async function confinement(sandbox: Sandbox, security: ContainerSecurity, spec: OciSpec): Promise<Confinement> {
  if (security.privileged && !sandbox.record.config.privileged) {
    throw new BoxError(
      'INVALID_REQUEST',
      `sandbox ${sandbox.id} is not privileged, so that no container in it can be: run a privileged sandbox`,
    );
  }
  const seccomp = await seccompFilter(security, {
    capabilities: spec.process.capabilities.bounding,
    kernel: sandbox.record.guest.kernelRelease,
  });
  return {
    seccomp: seccomp ?? null,
    pidNamespaceOf: pidTarget(sandbox, security),
    podPids: security.namespaces.pid === 'POD',
    allDevices: security.privileged,
  };
}

/** '' unless the mode is TARGET. */
function pidTarget(sandbox: Sandbox, { namespaces }: ContainerSecurity): string {
  if (namespaces.pid !== 'TARGET') return '';
  const target = sandbox.containers.get(namespaces.targetId);
  if (target === undefined) {
    throw new BoxError(
      'INVALID_REQUEST',
      `container ${namespaces.targetId}, whose pid namespace is wanted, is not in sandbox ${sandbox.id}`,
    );
  }
  if (target.record.state !== 'RUNNING') {
    throw new BoxError(
      'CONTAINER_STATE',
      `container ${target.id}, whose pid namespace is wanted, is ${target.record.state}: it must be RUNNING`,
    );
  }
  return target.id;
}
