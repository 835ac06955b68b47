/** CRI without crictl: for calls it does not make, and for measuring without its start-up. */
import { type ChannelOptions, credentials, type requestCallback, type ServiceError } from '@grpc/grpc-js';
import { loadCriProto } from '../../../src/cri/load-proto.ts';

const OPTIONS: ChannelOptions = {
  'grpc.default_authority': 'localhost',
  'grpc.max_receive_message_length': 16 * 1024 * 1024,
};

type Call<Request, Reply> = (
  request: Request,
  callback: (error: ServiceError | null, reply?: Reply) => void,
) => unknown;

/** Clients of both services of a runtime on a Unix socket. */
export function connectCri(socket: string) {
  const proto = loadCriProto();
  const runtime = new proto.RuntimeService(`unix:${socket}`, credentials.createInsecure(), OPTIONS);
  const images = new proto.ImageService(`unix:${socket}`, credentials.createInsecure(), OPTIONS);
  return {
    runtime,
    images,
    close: (): void => {
      runtime.close();
      images.close();
    },
  };
}
export type Cri = ReturnType<typeof connectCri>;

/** One unary call as a promise: `call(runtime.version.bind(runtime), {})`. */
export function call<Request, Reply>(method: Call<Request, Reply>, request: Request): Promise<Reply> {
  return new Promise((resolve, reject) => {
    method(request, (error, reply) => {
      if (error !== null) reject(error);
      else if (reply === undefined) reject(new TypeError('neither an error nor an answer'));
      else resolve(reply);
    });
  });
}

/** A unary call by its path, with an empty message: for one that the protocol of this version does not have. */
export function callRaw({ runtime }: Cri, path: string): Promise<Buffer> {
  const asIs = (bytes: Buffer): Buffer => bytes;
  return call(
    (request: Buffer, callback: requestCallback<Buffer>) =>
      runtime.makeUnaryRequest(path, asIs, asIs, request, callback),
    Buffer.alloc(0),
  );
}

/** All messages of a server stream, which must end well. */
export async function collect<Reply>(stream: AsyncIterable<Reply>): Promise<readonly Reply[]> {
  const replies: Reply[] = [];
  for await (const reply of stream) replies.push(reply);
  return replies;
}
