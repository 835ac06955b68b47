/** The HTTP server behind the URLs that Exec, Attach and PortForward answer with. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { BoxError, messageOf } from '../../errors.ts';
import type { Logger } from '../../observe/log.ts';
import { parsePath, Refusal, refuse } from './http.ts';
import { type Openers, serveSession } from './session.ts';
import type { StreamingRequest, StreamingUrls } from './streaming-request.ts';
import { TokenStore } from './tokens.ts';

/** For the request line and headers. A client has its URL ready when it connects; on a busy host each of many may wait for its turn. */
const REQUEST_MS = 30_000;
const MAX_CONNECTIONS = 4_096;
/** How long sessions may take to tell their clients that the daemon stops. */
const STOP_LIMIT_MS = 3_000;

/**
 * INVARIANTS
 * - A connection becomes a session only by a token that was issued less than a minute ago and never used.
 * - `#sockets` are the upgraded connections that are open, `#sessions` what runs on them; both are empty after stop().
 */
export class StreamingServer implements StreamingUrls {
  readonly #openers: Openers;
  readonly #log: Logger;
  readonly #tokens = new TokenStore<StreamingRequest>();
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();
  readonly #sessions = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #base = '';

  constructor(openers: Openers, log: Logger) {
    this.#openers = openers;
    this.#log = log;
    this.#server = createServer({ headersTimeout: REQUEST_MS, requestTimeout: REQUEST_MS });
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.on('request', (request, response) => this.#plain(request, response));
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Serves on a loopback address; port 0 takes a free one. SOCKET_TAKEN if it cannot. */
  async listen(address: string, port: number): Promise<void> {
    try {
      this.#server.listen(port, address);
      await once(this.#server, 'listening');
    } catch (cause) {
      throw new BoxError('SOCKET_TAKEN', `cannot serve streams on ${address}:${port}: ${messageOf(cause)}`, { cause });
    }
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') throw new Error(`bound to ${bound}, which is no TCP port`);
    this.#base = `http://${isIPv6(address) ? `[${address}]` : address}:${bound.port}`;
  }

  url(request: StreamingRequest): string {
    return `${this.#base}/${request.kind}/${this.#tokens.issue(request)}`;
  }

  /** Takes no more connections; tells running sessions why they end, then cuts off what is left. */
  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeIdleConnections();
    this.#stopping.abort(new BoxError('CANCELLED', 'the container runtime is stopping: try again when it is back'));
    const limit = new AbortController();
    const late = delay(STOP_LIMIT_MS, undefined, { signal: limit.signal }).catch(() => undefined);
    await Promise.race([Promise.all(this.#sessions), late]);
    limit.abort();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#sessions);
  }

  #plain({ url = '' }: IncomingMessage, response: ServerResponse): void {
    const known = this.#redeem(url) !== undefined;
    response.writeHead(known ? 400 : 404, { 'Content-Type': 'text/plain', Connection: 'close' });
    response.end(known ? 'upgrade the connection to SPDY/3.1 or to WebSocket' : NOT_FOUND);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // 'close' follows, and that is what sessions wait for; unheard it would end the daemon
    socket.on('error', () => undefined);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    const session = this.#serve(request, socket, head).finally(() => this.#sessions.delete(session));
    this.#sessions.add(session);
  }

  /** Never rejects. */
  async #serve(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const started = performance.now();
    const facts = { kind: 'unknown', upgrade: request.headers.upgrade };
    try {
      const asked = this.#redeem(request.url ?? '');
      if (asked === undefined) throw new Refusal(404, NOT_FOUND);
      if (request.method !== 'GET' && request.method !== 'POST') throw new Refusal(405, 'use GET or POST');
      Object.assign(facts, describe(asked));
      const outcome = await serveSession(asked, { request, socket, head }, this.#openers, this.#stopping.signal);
      this.#log.info({ ...facts, outcome, ms: Math.round(performance.now() - started) }, 'stream ended');
    } catch (error) {
      if (error instanceof Refusal) refuse(socket, error);
      else socket.destroy();
      this.#log.warn({ ...facts, error: messageOf(error) }, 'stream failed');
    }
  }

  #redeem(url: string): StreamingRequest | undefined {
    const path = parsePath(url);
    const request = path === undefined ? undefined : this.#tokens.take(path.token);
    return request?.kind === path?.kind ? request : undefined;
  }
}

const NOT_FOUND = 'this URL is not known, was used already, or is older than a minute';

/** For the log: which object it is about, and nothing of the command. */
function describe(asked: StreamingRequest): Readonly<Record<string, string>> {
  const { kind } = asked;
  return kind === 'portforward' ? { kind, podSandboxId: asked.sandboxId } : { kind, containerId: asked.containerId };
}
