/** What is asked of a connection for exec or attach. */
import type { ProcessStreams, StreamRequest } from '../../../runtime/streams.ts';

export interface Command {
  readonly streams: StreamRequest;
  /** Starts the process, or attaches to it. */
  open(signal: AbortSignal): Promise<ProcessStreams>;
  /** Whether the client is told the exit code: of exec, yes; an attach that ends with its container is a success. */
  readonly tellsExitCode: boolean;
}
