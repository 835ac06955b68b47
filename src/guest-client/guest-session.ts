/**
 * One stream session's way to guest-init: a connection of its own, closed with it.
 *
 * INVARIANT: no two sessions share a connection. HTTP/2's connection window is shared by all streams of one, so a session whose
 * client reads nothing would stop all others.
 */
import type { ClientDuplexStream, Metadata } from '@grpc/grpc-js';
import type { ExecClient } from './generated/a3s/guest/v1/Exec.ts';
import type { ForwardRequest } from './generated/a3s/guest/v1/ForwardRequest.ts';
import type { ForwardResponse__Output } from './generated/a3s/guest/v1/ForwardResponse.ts';
import type { RunRequest } from './generated/a3s/guest/v1/RunRequest.ts';
import type { RunResponse__Output } from './generated/a3s/guest/v1/RunResponse.ts';

/** Run and Attach look the same from here. */
export type ProcessCall = ClientDuplexStream<RunRequest, RunResponse__Output>;
export type ForwardCall = ClientDuplexStream<ForwardRequest, ForwardResponse__Output>;

export class GuestSession {
  readonly #client: ExecClient;
  readonly #metadata: Metadata;

  constructor(client: ExecClient, metadata: Metadata) {
    this.#client = client;
    this.#metadata = metadata;
  }

  run(): ProcessCall {
    return this.#client.run(this.#metadata);
  }

  attach(): ProcessCall {
    return this.#client.attach(this.#metadata);
  }

  forward(): ForwardCall {
    return this.#client.forward(this.#metadata);
  }

  /** Closes the connection; a call that is still on it should be cancelled before. */
  close(): void {
    this.#client.close();
  }
}
