/** What RPC handlers are. A unary one is a plain function that returns the reply or throws a BoxError; src/cri/instrument.ts does the rest. */
import type { ImageService } from '../image/image-service.ts';
import type { RuntimeService } from '../runtime/runtime-service.ts';
import type { StreamingUrls } from './streaming/streaming-request.ts';

export type Handler<Request, Reply> = (request: Request, signal: AbortSignal) => Promise<Reply> | Reply;

/**
 * What a server-streaming handler is: messages one after the other, each asked for only when the client has taken the last. It
 * ends early when the signal fires, and without it at its own end; src/cri/instrument-stream.ts does the rest.
 */
export type StreamHandler<Request, Reply> = (
  request: Request,
  signal: AbortSignal,
) => AsyncIterable<Reply> | Iterable<Reply>;

/** What handlers speak to. */
export interface Cores {
  readonly runtime: RuntimeService;
  readonly images: ImageService;
  readonly streaming: StreamingUrls;
  /** This release's version. */
  readonly version: string;
}
