import type { RegistryAuth } from '../image-service.ts';
import { nameOf, type RegistryHost } from './hosts.ts';

/**
 * The credentials that a host may see. They are the registry's: a mirror gets them only if they name it, and the registry
 * does not if they name another. `registry` is the host of the image reference.
 */
export function credentialsFor(
  auth: RegistryAuth | undefined,
  registry: string,
  host: RegistryHost,
): RegistryAuth | undefined {
  if (auth === undefined) return undefined;
  const named = serverName(auth.serverAddress);
  if (named === '') return host.isMirror ? undefined : auth;
  if (host.isMirror) return named === nameOf(host) ? auth : undefined;
  // Docker's own login files name Docker Hub by its old address.
  const isDockerHub = registry === 'docker.io' && named === 'index.docker.io';
  return isDockerHub || named === registry || named === nameOf(host) ? auth : undefined;
}

/** Docker's config writes addresses such as `https://index.docker.io/v1/`. */
function serverName(address: string): string {
  if (address === '') return '';
  const url = address.includes('://') ? address : `https://${address}`;
  return URL.canParse(url) ? new URL(url).host : address;
}
