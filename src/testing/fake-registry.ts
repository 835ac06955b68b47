/** A registry in memory that can be told to misbehave, for failures that a real one does not produce. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Returns true if it has answered. */
export type Interceptor = (request: IncomingMessage, response: ServerResponse) => boolean;

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';

export function digestOf(bytes: Buffer | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export interface ImageParts {
  /** Uncompressed tars, bottom first. */
  readonly layers: readonly Buffer[];
  readonly config?: Readonly<Record<string, unknown>>;
  /** Fields of the config document itself. */
  readonly document?: Readonly<Record<string, unknown>>;
  readonly compress?: (tar: Buffer) => Buffer;
  readonly layerType?: string;
  readonly configType?: string;
}

export interface PutImage {
  readonly manifest: Descriptor;
  readonly configDigest: string;
  readonly blobs: readonly Descriptor[];
  readonly diffIds: readonly string[];
}

/** INVARIANT: everything stored is found by its digest; `manifests` also by `repository:tag`. */
export class FakeRegistry {
  readonly blobs = new Map<string, Buffer>();
  readonly manifests = new Map<string, { readonly bytes: Buffer; readonly type: string }>();
  /** `METHOD /path` of every request, without the query. */
  readonly requests: string[] = [];
  intercept: Interceptor | undefined;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FakeRegistry> {
    const server = createServer();
    const registry = new FakeRegistry(server);
    server.on('request', (request, response) => registry.#serve(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return registry;
  }

  /** `127.0.0.1:PORT`. */
  get host(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the fake registry does not listen');
    return `127.0.0.1:${address.port}`;
  }

  /** Forgets everything stored, asked and set. */
  reset(): void {
    this.intercept = undefined;
    this.requests.length = 0;
    this.blobs.clear();
    this.manifests.clear();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  putBlob(bytes: Buffer, mediaType: string): Descriptor {
    const digest = digestOf(bytes);
    this.blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  }

  putManifest(name: string, document: unknown, type = OCI_MANIFEST): Descriptor {
    const bytes = Buffer.from(JSON.stringify(document));
    const digest = digestOf(bytes);
    this.manifests.set(name, { bytes, type });
    this.manifests.set(digest, { bytes, type });
    return { mediaType: type, digest, size: bytes.length };
  }

  /** Stores an image as `repository:tag`. */
  putImage(name: string, parts: ImageParts): PutImage {
    const compress = parts.compress ?? gzipSync;
    const blobs = parts.layers.map((tar) => this.putBlob(compress(tar), parts.layerType ?? OCI_LAYER));
    const diffIds = parts.layers.map((tar) => digestOf(tar));
    const document = {
      os: 'linux',
      architecture: 'amd64',
      config: parts.config ?? {},
      rootfs: { type: 'layers', diff_ids: diffIds },
      ...parts.document,
    };
    const config = this.putBlob(Buffer.from(JSON.stringify(document)), parts.configType ?? OCI_CONFIG);
    const manifest = this.putManifest(name, { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: blobs });
    return { manifest, configDigest: config.digest, blobs, diffIds };
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://fake');
    this.requests.push(`${request.method} ${url.pathname}`);
    if (this.intercept?.(request, response) === true) return;
    const match = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(url.pathname);
    const [, repository = '', kind = '', reference = ''] = match ?? [];
    const found = kind === 'blobs' ? this.#blob(reference) : this.#manifest(repository, reference);
    if (found === undefined) {
      response
        .writeHead(404, { 'content-type': 'application/json' })
        .end('{"errors":[{"code":"UNKNOWN","message":"not here"}]}');
      return;
    }
    this.#send(request, response, found);
  }

  #blob(digest: string): { bytes: Buffer; type: string } | undefined {
    const bytes = this.blobs.get(digest);
    return bytes === undefined ? undefined : { bytes, type: 'application/octet-stream' };
  }

  #manifest(repository: string, reference: string): { bytes: Buffer; type: string } | undefined {
    return this.manifests.get(reference.startsWith('sha256:') ? reference : `${repository}:${reference}`);
  }

  #send(request: IncomingMessage, response: ServerResponse, { bytes, type }: { bytes: Buffer; type: string }): void {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const part = bytes.subarray(start);
    const range = start > 0 ? { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {};
    response.writeHead(start > 0 ? 206 : 200, {
      'content-type': type,
      'content-length': part.length,
      'docker-content-digest': digestOf(bytes),
      ...range,
    });
    response.end(request.method === 'HEAD' ? undefined : part);
  }
}
