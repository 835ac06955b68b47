/** guest-init's side of logs, events, statistics and heartbeats on a Unix socket, for tests of what the daemon makes of them. */
import { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerErrorResponse,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import type { ContainerInfo } from '../guest-client/generated/a3s/guest/v1/ContainerInfo.ts';
import type { Event } from '../guest-client/generated/a3s/guest/v1/Event.ts';
import type { HeartbeatRequest__Output } from '../guest-client/generated/a3s/guest/v1/HeartbeatRequest.ts';
import type { HeartbeatResponse } from '../guest-client/generated/a3s/guest/v1/HeartbeatResponse.ts';
import type { LogsRequest__Output } from '../guest-client/generated/a3s/guest/v1/LogsRequest.ts';
import type { LogsResponse } from '../guest-client/generated/a3s/guest/v1/LogsResponse.ts';
import type { RemoveContainerRequest__Output } from '../guest-client/generated/a3s/guest/v1/RemoveContainerRequest.ts';
import type { StartContainerRequest__Output } from '../guest-client/generated/a3s/guest/v1/StartContainerRequest.ts';
import type { StartContainerResponse } from '../guest-client/generated/a3s/guest/v1/StartContainerResponse.ts';
import type { StatsRequest__Output } from '../guest-client/generated/a3s/guest/v1/StatsRequest.ts';
import type { StatsResponse } from '../guest-client/generated/a3s/guest/v1/StatsResponse.ts';
import { GuestClient } from '../guest-client/guest-client.ts';
import { loadGuestProto } from '../guest-client/load-proto.ts';

type LogsCall = ServerDuplexStream<LogsRequest__Output, LogsResponse>;

type EventsCall = ServerWritableStream<object, Event>;

type RemoveCall = ServerUnaryCall<RemoveContainerRequest__Output, object>;

type StartCall = ServerUnaryCall<StartContainerRequest__Output, StartContainerResponse>;

type HeartbeatCall = ServerDuplexStream<HeartbeatRequest__Output, HeartbeatResponse>;

/** What one container has written to stdout, and how much of it was acknowledged. */
class FakeOutput {
  bytes = Buffer.alloc(0);
  ended = false;
  acknowledged = 0;
  changed = Promise.withResolvers<void>();

  change(): void {
    this.changed.resolve();
    this.changed = Promise.withResolvers();
  }
}

export class FakeGuest {
  readonly client: GuestClient;
  /** Answers Stats; by default never. */
  stats: () => Promise<StatsResponse> = () => new Promise(() => undefined);
  /** What the first event tells of its containers; undefined: it never comes. */
  snapshot: readonly ContainerInfo[] | undefined;
  /** Every answer to RemoveContainer. */
  removal: { readonly code: status } | null = null;
  readonly removed: string[] = [];
  /** The length of the log's chunks. */
  chunkBytes = 32 * 1024;
  /** Answers StartContainer, or rejects with an error that has a code; by default never. */
  start: (containerId: string) => Promise<StartContainerResponse> = () => new Promise(() => undefined);
  readonly socket: string;
  /** Emits `asked` (milliseconds, answer, refuse) for each beat that is asked for, and `refused` when that has been sent. */
  readonly beats = new EventEmitter();
  readonly #server: Server;
  readonly #dir: string;
  readonly #watchers: EventsCall[] = [];
  readonly #outputs = new Map<string, FakeOutput>();

  private constructor(dir: string, server: Server) {
    this.#dir = dir;
    this.#server = server;
    this.socket = join(dir, 'sock');
    const { socket } = this;
    this.client = new GuestClient({ controlSocket: socket, execSocket: socket, terminalSocket: socket, token: 'ab' });
  }

  static async start(): Promise<FakeGuest> {
    const dir = await mkdtemp(join(tmpdir(), 'a3s-guest-'));
    const server = new Server();
    const guest = new FakeGuest(dir, server);
    const { Control, Exec } = loadGuestProto();
    server.addService(Exec.service, { logs: (call: LogsCall) => void guest.#logs(call) });
    const stats: handleUnaryCall<StatsRequest__Output, StatsResponse> = (_call, callback) =>
      void guest.#answer(guest.stats(), callback);
    server.addService(Control.service, {
      stats,
      heartbeat: (call: HeartbeatCall) => guest.#heartbeat(call),
      events: (call: EventsCall) => guest.#events(call),
      startContainer: (call: StartCall, callback: sendUnaryData<StartContainerResponse>) =>
        void guest.#answer(guest.start(call.request.containerId), callback),
      removeContainer: (call: RemoveCall, callback: sendUnaryData<object>) => {
        guest.removed.push(call.request.containerId);
        callback(guest.removal, {});
      },
    });
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`unix:${join(dir, 'sock')}`, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      );
    });
    return guest;
  }

  async stop(): Promise<void> {
    this.client.close();
    this.#server.forceShutdown();
    await rm(this.#dir, { recursive: true });
  }

  print(containerId: string, text: string): void {
    const output = this.#output(containerId);
    output.bytes = Buffer.concat([output.bytes, Buffer.from(text)]);
    output.change();
  }

  end(containerId: string): void {
    const output = this.#output(containerId);
    output.ended = true;
    output.change();
  }

  acknowledged(containerId: string): number {
    return this.#output(containerId).acknowledged;
  }

  #output(containerId: string): FakeOutput {
    const known = this.#outputs.get(containerId) ?? new FakeOutput();
    this.#outputs.set(containerId, known);
    return known;
  }

  /** Ends every stream of events. */
  hangUp(): void {
    for (const call of this.#watchers.splice(0)) call.end();
  }

  #events(call: EventsCall): void {
    this.#watchers.push(call);
    if (this.snapshot !== undefined) call.write({ snapshot: { containers: [...this.snapshot] } });
  }

  #heartbeat(call: HeartbeatCall): void {
    call.on('error', () => undefined);
    call.on('data', ({ afterMs, realtimeNs }: HeartbeatRequest__Output) => {
      const refuse = (code = status.UNIMPLEMENTED): void => {
        call.emit('error', { code, details: 'refused' });
        this.beats.emit('refused');
      };
      this.beats.emit('asked', afterMs, () => call.write({}), refuse, realtimeNs);
    });
  }

  async #answer<T>(reply: Promise<T>, callback: sendUnaryData<T>): Promise<void> {
    const [outcome] = await Promise.allSettled([reply]);
    if (outcome.status === 'fulfilled') callback(null, outcome.value);
    else callback(outcome.reason as ServerErrorResponse);
  }

  async #logs(call: LogsCall): Promise<void> {
    const opened = Promise.withResolvers<{ output: FakeOutput; from: number }>();
    let opening: FakeOutput | undefined;
    call.on('data', ({ open, ack }: LogsRequest__Output) => {
      if (open) {
        opening = this.#output(open.containerId);
        opened.resolve({ output: opening, from: Math.max(Number(open.stdoutOffset), opening.acknowledged) });
      } else if (ack && opening) opening.acknowledged = Number(ack.stdoutOffset);
    });
    call.on('error', () => undefined);
    call.on('end', () => call.end());
    const { output, from } = await opened.promise;
    for (let at = from; !call.cancelled; ) {
      const data = output.bytes.subarray(at, at + this.chunkBytes);
      if (data.length > 0) {
        const chunk = { stream: 'STDOUT', offset: at, readAtNs: '1474416000669794202', data } as const;
        if (!call.write({ chunk })) await new Promise((resolve) => call.once('drain', resolve));
        at += data.length;
      } else if (output.ended) {
        call.write({ end: { stdoutBytes: at, stderrBytes: 0 } });
        return;
      } else await output.changed.promise;
    }
  }
}
