/** The decorator around every server-streaming handler: abort signal, back-pressure, error mapping, log line, metrics. */
import { type handleServerStreamingCall, Metadata, type ServerWritableStream, status } from '@grpc/grpc-js';
import { BoxError } from '../errors.ts';
import { toGrpcError } from './grpc-error.ts';
import type { StreamHandler } from './handler.ts';
import { failureFacts, type Instruments, ids, record } from './instrument.ts';

/** `stopping` fires when the daemon stops: streams that never end by themselves end then. */
export function instrumentStream<Request, Reply>(
  method: string,
  handler: StreamHandler<Request, Reply>,
  instruments: Instruments,
  stopping: AbortSignal,
): handleServerStreamingCall<Request, Reply> {
  return (call) => void serve(method, handler, instruments, stopping, call);
}

async function serve<Request, Reply>(
  method: string,
  handler: StreamHandler<Request, Reply>,
  instruments: Instruments,
  stopping: AbortSignal,
  call: ServerWritableStream<Request, Reply>,
): Promise<void> {
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  try {
    const facts = await send(handler, stopping, call);
    call.end();
    record(instruments, method, status.OK, seconds(), { ...ids(call.request), ...facts });
  } catch (error) {
    const failure = toGrpcError(method, error);
    call.emit('error', failure);
    record(instruments, method, failure.code, seconds(), { ...ids(call.request), ...failureFacts(failure, error) });
  }
}

/** Sends what the handler yields. STOPPING if the daemon cut it off; a client that leaves is how endless streams end. */
async function send<Request, Reply>(
  handler: StreamHandler<Request, Reply>,
  stopping: AbortSignal,
  call: ServerWritableStream<Request, Reply>,
): Promise<{ readonly messages: number; readonly left: boolean }> {
  const left = new AbortController();
  const onCancelled = (): void => left.abort();
  call.on('cancelled', onCancelled);
  const signal = AbortSignal.any([left.signal, stopping]);
  let messages = 0;
  try {
    const replies = handler(call.request, signal);
    // headers at once: from now on the client misses nothing, and can know it
    call.sendMetadata(new Metadata());
    for await (const reply of replies) {
      if (signal.aborted) break;
      messages += 1;
      if (!call.write(reply)) await drained(call, signal);
    }
  } finally {
    call.off('cancelled', onCancelled);
  }
  if (stopping.aborted && !left.signal.aborted) throw new BoxError('STOPPING', 'the daemon is stopping: dial again');
  return { messages, left: left.signal.aborted };
}

/** Until the client has taken what was written, or nobody waits for it any more. */
function drained(call: NodeJS.EventEmitter, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      call.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    call.once('drain', done);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
