/**
 * Authorization for registries: Basic, and the token flow of the distribution spec (docker docs "token authentication", GET
 * with Basic or none; OAuth2 POST for identity tokens). Secrets appear in no message and no log line.
 *
 * INVARIANT: a cached header belongs to one registry base, one repository and one set of credentials (by hash).
 */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { RegistryAuth } from '../image-service.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { fromNetwork, HostFailure } from './host-failure.ts';
import type { RegistryHost } from './hosts.ts';
import { discard, type HttpResponse, type HttpTransport, readUpTo } from './transport.ts';

const MAX_TOKEN_REPLY = 1 << 20;
/** The token spec's default and minimum. */
const DEFAULT_EXPIRY_S = 60;
/** A token is not used in its last seconds. */
const EXPIRY_MARGIN_S = 10;
const BASIC_TTL_MS = 3_600_000;
const CLIENT_ID = 'a3s-box';

const tokenReplySchema = z.object({
  token: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
});

/** Whom a request is for: what the cache key and the token's scope are made of. */
export interface AuthTarget {
  readonly host: RegistryHost;
  /** Path of the repository, without the registry host. */
  readonly repository: string;
  readonly credentials: RegistryAuth | undefined;
}

export class Authenticator {
  readonly #transport: HttpTransport;
  readonly #headers: LRUCache<string, string>;

  constructor(transport: HttpTransport, cacheSize: number) {
    this.#transport = transport;
    this.#headers = new LRUCache({ max: cacheSize });
  }

  /** A header that worked lately, or undefined. */
  cached(target: AuthTarget): string | undefined {
    return this.#headers.get(keyOf(target));
  }

  /** A header that answers a 401, or undefined if none can. @throws HostFailure if the token server does not cooperate. */
  async answer(target: AuthTarget, wwwAuthenticate: string, signal: AbortSignal): Promise<string | undefined> {
    this.#headers.delete(keyOf(target));
    const challenges = parseChallenges(wwwAuthenticate);
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    if (bearer !== undefined) return this.#bearer(target, bearer, signal);
    const basic = basicHeader(target.credentials);
    if (!challenges.some(({ scheme }) => scheme === 'basic') || basic === undefined) return undefined;
    this.#headers.set(keyOf(target), basic, { ttl: BASIC_TTL_MS });
    return basic;
  }

  async #bearer(target: AuthTarget, challenge: Challenge, signal: AbortSignal): Promise<string> {
    const given = target.credentials?.registryToken ?? '';
    if (given !== '') return `Bearer ${given}`;
    const { token, expiresIn } = await this.#fetchToken(target, challenge, signal);
    const header = `Bearer ${token}`;
    const ttl = (Math.max(expiresIn, DEFAULT_EXPIRY_S) - EXPIRY_MARGIN_S) * 1000;
    this.#headers.set(keyOf(target), header, { ttl });
    return header;
  }

  async #fetchToken(
    target: AuthTarget,
    challenge: Challenge,
    signal: AbortSignal,
  ): Promise<{ token: string; expiresIn: number }> {
    const realm = realmOf(target, challenge);
    const response = await this.#askRealm(target, challenge, realm, signal);
    if (response.status !== 200) {
      await discard(response);
      throw HostFailure.ofStatus(realm.host, response.status, `token server ${realm.host} answered ${response.status}`);
    }
    const body = await fromNetwork(realm.host, readUpTo(response, MAX_TOKEN_REPLY));
    const parsed = tokenReplySchema.safeParse(body === undefined ? undefined : jsonOf(body));
    const token = parsed.data?.token ?? parsed.data?.access_token ?? '';
    if (!/^[\x21-\x7e]+$/.test(token))
      throw new HostFailure(realm.host, 'REGISTRY_ANSWER', `token server ${realm.host} gave no token`);
    return { token, expiresIn: parsed.data?.expires_in ?? DEFAULT_EXPIRY_S };
  }

  #askRealm(target: AuthTarget, challenge: Challenge, realm: URL, signal: AbortSignal): Promise<HttpResponse> {
    const { host, repository, credentials } = target;
    const service = challenge.parameters.get('service') ?? '';
    const scope = challenge.parameters.get('scope') ?? `repository:${repository}:pull`;
    const common = { tls: host.tls, connectTimeoutMs: host.connectTimeoutMs, signal };
    const identityToken = credentials?.identityToken ?? '';
    if (identityToken !== '') {
      const form = new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: identityToken,
        service,
        scope,
        client_id: CLIENT_ID,
      });
      const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
      const request = { ...common, method: 'POST', url: realm.href, headers, body: form.toString() } as const;
      return fromNetwork(realm.host, this.#transport.request(request));
    }
    const url = new URL(realm);
    if (service !== '') url.searchParams.set('service', service);
    for (const part of scope.split(' ')) url.searchParams.append('scope', part);
    const basic = basicHeader(credentials);
    const headers = { accept: 'application/json', ...(basic === undefined ? {} : { authorization: basic }) };
    return fromNetwork(realm.host, this.#transport.request({ ...common, method: 'GET', url: url.href, headers }));
  }
}

function realmOf(target: AuthTarget, challenge: Challenge): URL {
  const text = challenge.parameters.get('realm') ?? '';
  const { host: registry, protocol } = new URL(target.host.base);
  const realm = URL.canParse(text) ? new URL(text) : undefined;
  if (realm === undefined || (realm.protocol !== 'https:' && realm.protocol !== 'http:')) {
    throw new HostFailure(registry, 'REGISTRY_ANSWER', `${registry} names no usable token server`);
  }
  // A registry on https must not make us send a password in the clear.
  if (protocol === 'https:' && realm.protocol === 'http:' && target.credentials !== undefined) {
    throw new HostFailure(
      registry,
      'REGISTRY_DENIED',
      `${registry} asks for credentials to be sent to ${realm.host} without TLS`,
    );
  }
  return realm;
}

function basicHeader(credentials: RegistryAuth | undefined): string | undefined {
  if (credentials === undefined || (credentials.username === '' && credentials.password === '')) return undefined;
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
}

function keyOf({ host, repository, credentials }: AuthTarget): string {
  const hash = createHash('sha256')
    .update(JSON.stringify(credentials ?? null))
    .digest('base64');
  return `${host.base} ${repository} ${hash}`;
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    // The schema refuses it; the body itself may hold secrets and is not quoted.
    void error;
    return undefined;
  }
}
