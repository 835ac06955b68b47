/** What a streaming URL is for. */
import type { StreamRequest } from '../../runtime/streams.ts';

export type StreamingRequest =
  | {
      readonly kind: 'exec';
      readonly containerId: string;
      readonly command: readonly string[];
      readonly streams: StreamRequest;
    }
  | { readonly kind: 'attach'; readonly containerId: string; readonly streams: StreamRequest }
  /** `ports` is for legacy WebSocket clients only: SPDY names a port with each stream. */
  | { readonly kind: 'portforward'; readonly sandboxId: string; readonly ports: readonly number[] };

export type StreamingKind = StreamingRequest['kind'];

/** Where Exec, Attach and PortForward get their answers from. */
export interface StreamingUrls {
  /** An absolute URL, good for one connection within a minute. TOO_MANY_STREAMS if too many wait to be used. */
  url(request: StreamingRequest): string;
}
