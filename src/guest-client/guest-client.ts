/**
 * Typed client of one VM's guest-init, over the Unix sockets libkrun maps to the guest's vsock ports.
 *
 * INVARIANTS
 * - Control and exec bytes, those of each container's log, and each stream session travel on connections of their own, each with
 *   HTTP/2's default 64 KiB connection window: bytes in flight must fit the socket's buffer, or libkrun blocks every stream of the
 *   VM (or drops what does not fit). A stream that is not read fills its own window and holds back nobody else's.
 * - Every unary call has a deadline: a guest that does not answer cannot hold an operation for ever.
 */
import {
  type ChannelOptions,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import type { ErrorReason } from '../errors.ts';
import type { ConfigureSandboxRequest } from './generated/a3s/guest/v1/ConfigureSandboxRequest.ts';
import type { ConfigureSandboxResponse__Output } from './generated/a3s/guest/v1/ConfigureSandboxResponse.ts';
import type { CreateContainerRequest } from './generated/a3s/guest/v1/CreateContainerRequest.ts';
import type { CreateContainerResponse__Output } from './generated/a3s/guest/v1/CreateContainerResponse.ts';
import type { Event__Output } from './generated/a3s/guest/v1/Event.ts';
import type { HeartbeatRequest } from './generated/a3s/guest/v1/HeartbeatRequest.ts';
import type { HeartbeatResponse__Output } from './generated/a3s/guest/v1/HeartbeatResponse.ts';
import type { LogsRequest } from './generated/a3s/guest/v1/LogsRequest.ts';
import type { LogsResponse__Output } from './generated/a3s/guest/v1/LogsResponse.ts';
import type { MountImageRequest } from './generated/a3s/guest/v1/MountImageRequest.ts';
import type { RunRequest } from './generated/a3s/guest/v1/RunRequest.ts';
import type { RunResponse__Output } from './generated/a3s/guest/v1/RunResponse.ts';
import type { StartContainerResponse__Output } from './generated/a3s/guest/v1/StartContainerResponse.ts';
import type { StatsResponse__Output } from './generated/a3s/guest/v1/StatsResponse.ts';
import { unaryError } from './guest-error.ts';
import { GuestSession } from './guest-session.ts';
import { loadGuestProto } from './load-proto.ts';

const MAX_MESSAGE = 16 * 1024 * 1024;
/** The longest piece of output, log or forwarded bytes that a guest may send (guest.proto). */
export const MAX_PIECE = 64 * 1024;
/** A piece with what is said of it: its stream, offset and time. */
const MAX_PIECE_MESSAGE = MAX_PIECE + 1024;
const UNARY_DEADLINE_MS = 60_000;

const CHANNEL_OPTIONS: ChannelOptions = {
  'grpc.default_authority': 'localhost',
  'grpc.max_receive_message_length': MAX_MESSAGE,
  'grpc.max_send_message_length': MAX_MESSAGE,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
  // grpc-js's own books of each call: nobody reads them, and they are a quarter of a call's cost
  'grpc.enable_channelz': 0,
};

/** A guest that is hostile makes the daemon hold no more of it than that at once, on each connection. */
const EXEC_CHANNEL_OPTIONS: ChannelOptions = {
  ...CHANNEL_OPTIONS,
  'grpc.max_receive_message_length': MAX_PIECE_MESSAGE,
};

export interface GuestAddress {
  readonly controlSocket: string;
  readonly execSocket: string;
  readonly terminalSocket: string;
  /** Per-boot token, hex. */
  readonly token: string;
}

/** One container's log, on a connection of its own. */
export interface LogConnection {
  readonly stream: ClientDuplexStream<LogsRequest, LogsResponse__Output>;
  /** To be called when the stream has ended; repeatable. */
  close(): void;
}

type Callback<T> = (error: ServiceError | null, response?: T) => void;

let proto: ReturnType<typeof loadGuestProto> | undefined;

function loadOnce(): ReturnType<typeof loadGuestProto> {
  proto ??= loadGuestProto();
  return proto;
}

export class GuestClient {
  readonly #address: GuestAddress;
  readonly #control;
  readonly #exec;
  readonly #logs = new Set<LogConnection>();
  readonly #metadata = new Metadata();

  constructor(address: GuestAddress) {
    this.#address = address;
    this.#control = new (loadOnce().Control)(
      `unix:${address.controlSocket}`,
      credentials.createInsecure(),
      CHANNEL_OPTIONS,
    );
    this.#exec = execClient(address.execSocket);
    this.#metadata.set('a3s-token', address.token);
  }

  configureSandbox(request: ConfigureSandboxRequest): Promise<ConfigureSandboxResponse__Output> {
    return this.#unary('ConfigureSandbox', 'INVALID_REQUEST', (metadata, options, callback) =>
      this.#control.configureSandbox(request, metadata, options, callback),
    );
  }

  async mountImage(request: MountImageRequest): Promise<void> {
    await this.#unary('MountImage', 'INVALID_REQUEST', (metadata, options, callback) =>
      this.#control.mountImage(request, metadata, options, callback),
    );
  }

  createContainer(request: CreateContainerRequest): Promise<CreateContainerResponse__Output> {
    return this.#unary('CreateContainer', 'INVALID_REQUEST', (metadata, options, callback) =>
      this.#control.createContainer(request, metadata, options, callback),
    );
  }

  startContainer(containerId: string): Promise<StartContainerResponse__Output> {
    return this.#unary('StartContainer', 'START_FAILED', (metadata, options, callback) =>
      this.#control.startContainer({ containerId }, metadata, options, callback),
    );
  }

  /** `resources` is OCI's linux.resources. */
  async updateContainer(containerId: string, resources: unknown): Promise<void> {
    const request = { containerId, resources: Buffer.from(JSON.stringify(resources)) };
    await this.#unary('UpdateContainer', 'INVALID_REQUEST', (metadata, options, callback) =>
      this.#control.updateContainer(request, metadata, options, callback),
    );
  }

  /** `all` signals every process of the container. */
  async signalContainer(containerId: string, signal: number, all: boolean): Promise<void> {
    await this.#unary('SignalContainer', 'INVALID_REQUEST', (metadata, options, callback) =>
      this.#control.signalContainer({ containerId, signal, all }, metadata, options, callback),
    );
  }

  async removeContainer(containerId: string): Promise<void> {
    await this.#unary('RemoveContainer', 'INVALID_REQUEST', (metadata, options, callback) =>
      this.#control.removeContainer({ containerId }, metadata, options, callback),
    );
  }

  /** What containers and the guest use; DEADLINE if it does not say so in time. */
  stats(details: boolean, deadlineMs: number): Promise<StatsResponse__Output> {
    return this.#unary(
      'Stats',
      'GUEST_ANSWER',
      (metadata, options, callback) => this.#control.stats({ details }, metadata, options, callback),
      deadlineMs,
    );
  }

  /** Ends the VM in order; `deadlineMs` bounds the wait for the answer, not for the VM's end. */
  async shutdown(deadlineMs: number): Promise<void> {
    await this.#unary(
      'Shutdown',
      'GUEST_ANSWER',
      (metadata, options, callback) => this.#control.shutdown({}, metadata, options, callback),
      deadlineMs,
    );
  }

  /** A snapshot, then every event; ends only with the VM, guest-init, or this client. */
  events(): ClientReadableStream<Event__Output> {
    return this.#control.events({}, this.#metadata);
  }

  /** One beat for each request, when it asked for it. */
  heartbeat(): ClientDuplexStream<HeartbeatRequest, HeartbeatResponse__Output> {
    return this.#control.heartbeat(this.#metadata);
  }

  run(): ClientDuplexStream<RunRequest, RunResponse__Output> {
    return this.#exec.run(this.#metadata);
  }

  logs(): LogConnection {
    const client = execClient(this.#address.execSocket);
    const connection: LogConnection = {
      stream: client.logs(this.#metadata),
      close: () => {
        client.close();
        this.#logs.delete(connection);
      },
    };
    this.#logs.add(connection);
    return connection;
  }

  /** A connection for one stream session, which the caller closes; terminals have a port of their own. */
  session(terminal: boolean): GuestSession {
    const { terminalSocket, execSocket } = this.#address;
    return new GuestSession(execClient(terminal ? terminalSocket : execSocket), this.#metadata);
  }

  /** Sessions are not closed with it. */
  close(): void {
    this.#control.close();
    this.#exec.close();
    for (const connection of this.#logs) connection.close();
  }

  #unary<T>(
    call: string,
    refused: ErrorReason,
    start: (metadata: Metadata, options: { readonly deadline: number }, callback: Callback<T>) => void,
    deadlineMs: number = UNARY_DEADLINE_MS,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      start(this.#metadata, { deadline: Date.now() + deadlineMs }, (error, response) => {
        if (error !== null) reject(unaryError(error, call, refused));
        else if (response === undefined) reject(new TypeError(`${call}: neither an error nor an answer`));
        else resolve(response);
      });
    });
  }
}

function execClient(execSocket: string) {
  proto ??= loadGuestProto();
  return new proto.Exec(`unix:${execSocket}`, credentials.createInsecure(), EXEC_CHANNEL_OPTIONS);
}
