/** Logins for registries, and what a registry that wants one says. */
import type { ServerResponse } from 'node:http';
import type { RegistryAuth } from '../image/image-service.ts';

export function login(fields: Partial<RegistryAuth>): RegistryAuth {
  return { username: '', password: '', serverAddress: '', identityToken: '', registryToken: '', ...fields };
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** Answers 401; true, as an interceptor says that it has answered. */
export function deny(response: ServerResponse, challenge: string): true {
  response.writeHead(401, { 'www-authenticate': challenge }).end('{}');
  return true;
}
