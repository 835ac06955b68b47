/**
 * Where a registry's images are fetched from: containerd's hosts.toml (containerd docs/hosts.md), read again for each pull.
 * Looked for in `<dir>/<host>/`, `<dir>/<host>_<port>_/` and `<dir>/_default/`. Without one: the registry itself.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'smol-toml';
import { z } from 'zod';
import { BoxError, errnoOf, messageOf } from '../../errors.ts';
import { LONGEST_TIMER_MS } from '../../longest-timer.ts';
import { isLoopback } from './loopback.ts';

export type Capability = 'pull' | 'resolve';

export interface TlsOptions {
  readonly skipVerify: boolean;
  /** PEM texts, in addition to the system's. */
  readonly ca: readonly string[];
}

/** One place to ask, in the order given by loadRegistryHosts. */
export interface RegistryHost {
  /** URL up to and including `/v2`, without a slash at the end. */
  readonly base: string;
  readonly capabilities: readonly Capability[];
  /** False for the registry itself. A mirror gets the `ns` query parameter, and credentials only if they name it. */
  readonly isMirror: boolean;
  readonly tls: TlsOptions;
  readonly headers: Readonly<Record<string, string>>;
  readonly connectTimeoutMs: number;
}

const DEFAULT_CONNECT_MS = 10_000;
const noTls: TlsOptions = { skipVerify: false, ca: [] };
const oneOrMany = z.union([z.string(), z.array(z.string())]);

const hostSchema = z.strictObject({
  capabilities: z.array(z.enum(['pull', 'resolve', 'push'])).optional(),
  ca: oneOrMany.optional(),
  skip_verify: z.boolean().optional(),
  override_path: z.boolean().optional(),
  header: z.record(z.string(), oneOrMany).optional(),
  dial_timeout: z
    .string()
    .regex(/^[0-9]+(?:\.[0-9]+)?(?:ms|s|m)$/)
    .optional(),
});
const fileSchema = hostSchema.extend({
  server: z.string().optional(),
  host: z.record(z.string(), hostSchema).optional(),
});
type HostSettings = z.infer<typeof hostSchema>;

/** `name[:port]`, as messages and credentials have it. */
export function nameOf(host: RegistryHost): string {
  return new URL(host.base).host;
}

/** The registry's own address: Docker Hub's differs from its name; loopback registries speak plain http, as for containerd. */
export function defaultServer(host: string): string {
  if (host === 'docker.io') return 'https://registry-1.docker.io';
  return isLoopback(host.replace(/:[0-9]+$/, '')) && !host.endsWith(':443') ? `http://${host}` : `https://${host}`;
}

function folderNames(host: string): readonly string[] {
  const portForm = host.replace(/:([0-9]+)$/, '_$1_');
  return [...new Set([portForm, host, '_default'])];
}

function invalid(file: string, problem: string, cause?: unknown): BoxError {
  return new BoxError('CONFIG_INVALID', `${file}: ${problem}`, { cause });
}

/**
 * The hosts to ask for images of `host`: mirrors in the file's order, then the registry itself.
 * @throws BoxError CONFIG_INVALID naming the file and key.
 */
export async function loadRegistryHosts(configDir: string, host: string): Promise<readonly RegistryHost[]> {
  for (const folder of folderNames(host)) {
    const file = path.join(configDir, folder, 'hosts.toml');
    const text = await readOptional(file);
    if (text !== undefined) return parseHostsFile(text, file, host);
  }
  return [await toHost(defaultServer(host), {}, 'hosts.toml', undefined)];
}

async function readOptional(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw invalid(file, `cannot be read: ${messageOf(error)}`, error);
  }
}

/** Exported for its tests. */
export async function parseHostsFile(text: string, file: string, host: string): Promise<readonly RegistryHost[]> {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw invalid(file, `is not TOML: ${messageOf(error)}`, error);
  }
  const parsed = fileSchema.safeParse(document);
  if (!parsed.success) throw invalid(file, z.prettifyError(parsed.error), parsed.error);
  const { server, host: mirrors, ...serverSettings } = parsed.data;
  const hosts: RegistryHost[] = [];
  for (const [url, settings] of Object.entries(mirrors ?? {})) hosts.push(await toHost(url, settings, file, host));
  hosts.push(await toHost(server ?? defaultServer(host), serverSettings, file, undefined));
  return hosts;
}

/** `registry` is what the address is listed as a host of; undefined if it is the registry's own by its place in the file. */
async function toHost(
  address: string,
  settings: HostSettings,
  file: string,
  registry: string | undefined,
): Promise<RegistryHost> {
  const capabilities = settings.capabilities ?? ['pull', 'resolve'];
  const base = baseUrl(address, settings.override_path ?? false, file);
  return {
    base,
    capabilities: capabilities.filter((capability) => capability !== 'push'),
    isMirror: registry !== undefined && !isOwnHost(base, registry),
    tls: settings.ca === undefined && settings.skip_verify === undefined ? noTls : await tlsOptions(settings, file),
    headers: headersOf(settings, file),
    connectTimeoutMs: settings.dial_timeout === undefined ? DEFAULT_CONNECT_MS : milliseconds(settings.dial_timeout),
  };
}

/** A registry listed among its own hosts, to set TLS options or capabilities for instance, is no mirror of itself. */
function isOwnHost(base: string, registry: string): boolean {
  const { protocol, host } = new URL(base);
  const names = registry === 'docker.io' ? [registry, 'registry-1.docker.io'] : [registry];
  // Through URL, for it leaves out the protocol's own port, as `base` does.
  return names.some((name) => URL.parse(`${protocol}//${name}`)?.host === host);
}

function baseUrl(address: string, overridePath: boolean, file: string): string {
  const withScheme = address.includes('://') ? address : `https://${address}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw invalid(file, `host ${JSON.stringify(address)} is not an http or https address`);
  if (url.username !== '' || url.password !== '')
    throw invalid(file, `host ${url.host}: credentials do not belong into an address`);
  const bare = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  return overridePath || bare.endsWith('/v2') ? bare : `${bare}/v2`;
}

async function tlsOptions(settings: HostSettings, file: string): Promise<TlsOptions> {
  const ca: string[] = [];
  for (const name of [settings.ca ?? []].flat()) {
    const caFile = path.resolve(path.dirname(file), name);
    const text = await readOptional(caFile);
    if (text === undefined) throw invalid(file, `ca file ${caFile} does not exist`);
    ca.push(text);
  }
  return { skipVerify: settings.skip_verify ?? false, ca };
}

function headersOf(settings: HostSettings, file: string): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(settings.header ?? {})) {
    const text = [value].flat().join(', ');
    if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name) || !/^[\t\x20-\x7e]*$/.test(text))
      throw invalid(file, `header ${JSON.stringify(name)} is not a valid HTTP header`);
    headers[name.toLowerCase()] = text;
  }
  return headers;
}

/** Of a duration as hosts.toml has it; no longer than a timer can be. */
function milliseconds(duration: string): number {
  const value = Number.parseFloat(duration);
  const unit = duration.endsWith('ms') ? 1 : duration.endsWith('m') ? 60_000 : 1000;
  return Math.min(value * unit, LONGEST_TIMER_MS);
}
