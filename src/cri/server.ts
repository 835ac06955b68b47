/** The CRI server on its Unix socket. */
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { BoxError, messageOf } from '../errors.ts';
import type { Cores } from './handler.ts';
import type { Instruments } from './instrument.ts';
import { loadCriProto } from './load-proto.ts';
import { imageService, runtimeService } from './services.ts';

/** What kubelet and crictl accept, and so what may be sent (cri-client pkg/utils.go). */
const MAX_MESSAGE = 16 * 1024 * 1024;
/** How long calls under way may take to end when the daemon stops. */
const STOP_LIMIT_MS = 5_000;

export class CriServer {
  readonly #server: Server;
  readonly #stopping = new AbortController();

  constructor(cores: Cores, instruments: Instruments) {
    this.#server = new Server({
      'grpc.max_receive_message_length': MAX_MESSAGE,
      'grpc.max_send_message_length': MAX_MESSAGE,
      // grpc-js's own books of each call: nobody reads them, and they are a quarter of a call's cost
      'grpc.enable_channelz': 0,
    });
    const proto = loadCriProto();
    const { signal } = this.#stopping;
    // both services are complete by type; grpc-js wants an index signature
    this.#server.addService(proto.RuntimeService.service, { ...runtimeService(cores, instruments, signal) });
    this.#server.addService(proto.ImageService.service, { ...imageService(cores, instruments, signal) });
  }

  /** Serves on `path`, which must be free (see claimSocket). */
  listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (cause) => {
        if (cause === null) resolve();
        else reject(new BoxError('SOCKET_TAKEN', `cannot listen on ${path}: ${messageOf(cause)}`, { cause }));
      });
    });
  }

  /** Takes no more calls, ends the streams, lets calls under way end, then cuts off what is left. */
  stop(): Promise<void> {
    this.#stopping.abort();
    return new Promise((resolve) => {
      const limit = setTimeout(() => {
        this.#server.forceShutdown();
        resolve();
      }, STOP_LIMIT_MS);
      this.#server.tryShutdown(() => {
        clearTimeout(limit);
        resolve();
      });
    });
  }
}
