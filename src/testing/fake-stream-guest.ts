/** A guest-init that a test plays: the Exec service on a Unix socket, and the runtime's sessions on it. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, connect as dial, type Server as Listener, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, ServerCredentials, type ServerDuplexStream, type ServiceError, status } from '@grpc/grpc-js';
import type { ForwardRequest__Output } from '../guest-client/generated/a3s/guest/v1/ForwardRequest.ts';
import type { ForwardResponse } from '../guest-client/generated/a3s/guest/v1/ForwardResponse.ts';
import type { RunRequest__Output } from '../guest-client/generated/a3s/guest/v1/RunRequest.ts';
import type { RunResponse } from '../guest-client/generated/a3s/guest/v1/RunResponse.ts';
import { GuestClient } from '../guest-client/guest-client.ts';
import type { GuestSession } from '../guest-client/guest-session.ts';
import { loadGuestProto } from '../guest-client/load-proto.ts';
import { Sessions } from '../runtime/streams/sessions.ts';

export type ProcessPeer = ServerDuplexStream<RunRequest__Output, RunResponse>;
export type ForwardPeer = ServerDuplexStream<ForwardRequest__Output, ForwardResponse>;

export class FakeStreamGuest {
  readonly sessions = new Sessions('s1');
  readonly socket: string;
  /** What the test plays; it sees every request from the first on. Headers are sent by `accept`. */
  process: (peer: ProcessPeer) => void = () => undefined;
  forward: (peer: ForwardPeer) => void = () => undefined;
  readonly #folder: string;
  readonly #server: Server;
  /** Stands between client and server, as libkrun does: its connections can be cut. */
  readonly #vmm: Listener;
  readonly #connections = new Set<Socket>();
  readonly #client: GuestClient;

  private constructor(folder: string, server: Server) {
    const socket = join(folder, 'vmm.sock');
    this.socket = socket;
    this.#folder = folder;
    this.#server = server;
    this.#vmm = createServer((client) => this.#join(client, dial(join(folder, 'guest.sock')))).listen(socket);
    this.#client = new GuestClient({ controlSocket: socket, execSocket: socket, terminalSocket: socket, token: 'abc' });
  }

  static async start(): Promise<FakeStreamGuest> {
    const folder = await mkdtemp(join(tmpdir(), 'a3s-guest-'));
    const server = new Server();
    const guest = new FakeStreamGuest(folder, server);
    const process = (peer: ProcessPeer): void => guest.process(peer);
    server.addService(loadGuestProto().Exec.service, {
      Run: process,
      Attach: process,
      Forward: (peer: ForwardPeer) => guest.forward(peer),
      Logs: (peer: ServerDuplexStream<unknown, unknown>) => peer.end(),
    });
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`unix:${join(folder, 'guest.sock')}`, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      );
    });
    if (!guest.#vmm.listening) await once(guest.#vmm, 'listening');
    return guest;
  }

  connect = (): GuestSession => this.#client.session(false);

  /** Ends every connection at once, and takes no more, as a VM does that dies. */
  die(): void {
    this.#vmm.close();
    for (const connection of this.#connections) connection.destroy();
  }

  async stop(): Promise<void> {
    this.die();
    this.#server.forceShutdown();
    this.#client.close();
    await rm(this.#folder, { recursive: true });
  }

  #join(client: Socket, server: Socket): void {
    client.pipe(server).pipe(client);
    for (const connection of [client, server]) {
      this.#connections.add(connection);
      connection.on('error', () => undefined);
      connection.once('close', () => this.#connections.delete(connection));
    }
  }
}

/** Sends the reply's headers: the stream is open. */
export function accept(peer: ProcessPeer | ForwardPeer): void {
  peer.sendMetadata(peer.metadata);
}

/** Ends a call with INVALID_ARGUMENT, as the guest does when it cannot do what it was asked. */
export function refuse(peer: ProcessPeer | ForwardPeer, details: string): void {
  const error: Partial<ServiceError> = { code: status.INVALID_ARGUMENT, details };
  peer.emit('error', error);
}
