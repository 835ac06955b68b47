/** The container events of one client, kept as they come. */
import { once } from 'node:events';
import type { ClientReadableStream } from '@grpc/grpc-js';
import type { ContainerEventResponse__Output } from '../../../src/cri/generated/runtime/v1/ContainerEventResponse.ts';

type Stream = ClientReadableStream<ContainerEventResponse__Output>;

/** `<CREATED|…> <id>` of each event so far, and what came with it. */
export class Heard {
  readonly events: ContainerEventResponse__Output[] = [];
  readonly stream: Stream;
  ended: string | undefined;

  private constructor(stream: Stream) {
    this.stream = stream;
    stream.on('data', (event: ContainerEventResponse__Output) => this.events.push(event));
    stream.on('error', (error) => {
      this.ended = String(error);
    });
    stream.on('end', () => {
      this.ended ??= 'without an error';
    });
  }

  /** Resolves when the daemon tells it everything. */
  static async on(stream: Stream): Promise<Heard> {
    const heard = new Heard(stream);
    await once(stream, 'metadata');
    return heard;
  }

  names(): readonly string[] {
    return this.events.map(
      ({ containerEventType, containerId }) =>
        `${containerEventType.replace(/^CONTAINER_(.*)_EVENT$/, '$1')} ${containerId}`,
    );
  }
}
