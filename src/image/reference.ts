/**
 * Image references as Docker and containerd read them (github.com/distribution/reference, regexp.go and normalize.go):
 * `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`, with docker.io, library/ and latest as defaults.
 */
import { BoxError } from '../errors.ts';
import { isDigest } from './digest.ts';

export interface ImageReference {
  /** Registry host, with its port if one was given. */
  readonly host: string;
  readonly path: string;
  /** Undefined if the reference has a digest: that alone says which image is meant. */
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

const DEFAULT_HOST = 'docker.io';
const LEGACY_DEFAULT_HOST = 'index.docker.io';
const MAX_NAME = 255;
const MAX_REFERENCE = 1024;

const hostPattern =
  /^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[0-9a-fA-F:]+\])(?::([0-9]{1,5}))?$/;
const componentPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

function invalid(text: string, problem: string): BoxError {
  return new BoxError(
    'INVALID_REFERENCE',
    `image reference ${JSON.stringify(text.slice(0, MAX_REFERENCE))}: ${problem}`,
  );
}

/** True if the part before the first slash is a host and not the first component of a path. */
function looksLikeHost(part: string): boolean {
  return /[.:[\]]/.test(part) || part === 'localhost' || part !== part.toLowerCase();
}

function splitHost(name: string): { readonly host: string; readonly path: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const hasHost = slash >= 0 && looksLikeHost(first);
  const given = hasHost ? first : DEFAULT_HOST;
  const host = given === LEGACY_DEFAULT_HOST ? DEFAULT_HOST : given;
  const path = hasHost ? name.slice(slash + 1) : name;
  return { host, path: host === DEFAULT_HOST && !path.includes('/') ? `library/${path}` : path };
}

function splitTag(text: string): { readonly name: string; readonly tag: string | undefined } {
  const colon = text.lastIndexOf(':');
  // A colon before the last slash belongs to a port.
  if (colon < 0 || text.indexOf('/', colon) >= 0) return { name: text, tag: undefined };
  return { name: text.slice(0, colon), tag: text.slice(colon + 1) };
}

function checkHost(host: string, text: string): void {
  const match = hostPattern.exec(host);
  if (match === null) throw invalid(text, 'the registry host is not valid');
  const port = match[1];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65535))
    throw invalid(text, `port ${port} is out of range`);
}

function checkPath(path: string, text: string): void {
  if (path === '' || !path.split('/').every((component) => componentPattern.test(component))) {
    throw invalid(text, 'the name must be lower-case letters, digits and single separators between slashes');
  }
}

/**
 * Parses and normalises a reference.
 * @throws BoxError INVALID_REFERENCE with what is wrong.
 */
export function parseReference(text: string): ImageReference {
  if (text === '') throw invalid(text, 'it is empty');
  if (text.length > MAX_REFERENCE) throw invalid(text, `it is longer than ${MAX_REFERENCE} characters`);
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) throw invalid(text, 'the digest is not sha256:<64 hex digits>');
  const { name, tag } = splitTag(at < 0 ? text : text.slice(0, at));
  if (tag !== undefined && !tagPattern.test(tag)) throw invalid(text, 'the tag is not valid');
  if (/^[0-9a-f]{64}$/.test(name)) throw invalid(text, 'a name of 64 hex digits could be taken for an image id');
  const { host, path } = splitHost(name);
  checkHost(host, text);
  checkPath(path, text);
  if (host.length + 1 + path.length > MAX_NAME) throw invalid(text, `the name is longer than ${MAX_NAME} characters`);
  return { host, path, digest, tag: digest === undefined ? (tag ?? 'latest') : undefined };
}

/** `HOST/PATH`. */
export function repositoryOf(reference: ImageReference): string {
  return `${reference.host}/${reference.path}`;
}

/** The whole normalised reference, as it stands in repoTags and repoDigests. */
export function formatReference(reference: ImageReference): string {
  const { digest, tag } = reference;
  return digest === undefined
    ? `${repositoryOf(reference)}:${tag ?? 'latest'}`
    : `${repositoryOf(reference)}@${digest}`;
}
