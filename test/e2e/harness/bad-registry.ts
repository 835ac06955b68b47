/**
 * A registry that misbehaves on purpose: one image per fault. Only for failure injection; good pulls go to a real registry.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar+gzip';

export interface BadRegistry {
  readonly address: string;
  /** Serves `library/<name>:latest`, an image of one layer. */
  add(name: string, image: BadImage): void;
  stop(): Promise<void>;
}

export interface BadImage {
  /** The uncompressed tar. */
  readonly tar: Buffer;
  /** What the registry sends for the layer; by default what the manifest promises. */
  readonly sentLayer?: (gzipped: Buffer) => Buffer;
  /** Replaces the manifest's body. */
  readonly manifest?: string;
  readonly status?: number;
}

export async function startBadRegistry(): Promise<BadRegistry> {
  const replies = new Map<
    string,
    { readonly status: number; readonly type: string; readonly body: Buffer; readonly length: number }
  >();
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const reply = replies.get(request.url ?? '');
    if (reply === undefined) {
      response.writeHead(request.url === '/v2/' ? 200 : 404).end();
      return;
    }
    response.writeHead(reply.status, { 'content-type': reply.type, 'content-length': reply.length });
    if (request.method === 'HEAD') response.end();
    // a body shorter than promised: the connection ends under the client
    else if (reply.body.length < reply.length) response.write(reply.body, () => response.destroy());
    else response.end(reply.body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a numeric address');

  const put = (url: string, type: string, body: Buffer, length = body.length, status = 200): void => {
    replies.set(url, { status, type, body, length });
  };
  return {
    address: `127.0.0.1:${address.port}`,
    add: (name, image) => {
      const repo = `/v2/library/${name}`;
      const layer = gzipSync(image.tar);
      const config = Buffer.from(
        JSON.stringify({
          architecture: 'amd64',
          os: 'linux',
          config: { Cmd: ['sh'] },
          rootfs: { type: 'layers', diff_ids: [digest(image.tar)] },
        }),
      );
      const manifest = Buffer.from(
        image.manifest ??
          JSON.stringify({
            schemaVersion: 2,
            mediaType: MANIFEST_TYPE,
            config: { mediaType: CONFIG_TYPE, digest: digest(config), size: config.length },
            layers: [{ mediaType: LAYER_TYPE, digest: digest(layer), size: layer.length }],
          }),
      );
      const sent = image.sentLayer?.(layer) ?? layer;
      put(`${repo}/manifests/latest`, MANIFEST_TYPE, manifest, manifest.length, image.status ?? 200);
      put(`${repo}/manifests/${digest(manifest)}`, MANIFEST_TYPE, manifest);
      put(`${repo}/blobs/${digest(config)}`, 'application/octet-stream', config);
      put(`${repo}/blobs/${digest(layer)}`, 'application/octet-stream', sent, layer.length);
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function digest(data: Buffer): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}
