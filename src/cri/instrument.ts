/** The one decorator around every handler: abort signal, error mapping, log line, metrics. */
import { type handleUnaryCall, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { BoxError } from '../errors.ts';
import type { Logger } from '../observe/log.ts';
import type { CallMetrics } from '../observe/metrics.ts';
import { type GrpcError, toGrpcError } from './grpc-error.ts';
import type { Handler } from './handler.ts';

/** Asked many times a minute by kubelet: logged at debug only. */
const CHATTY = new Set([
  'Version',
  'Status',
  'ListPodSandbox',
  'ListContainers',
  'ListImages',
  'ImageFsInfo',
  'PodSandboxStatus',
  'ContainerStatus',
  'ImageStatus',
  'ContainerStats',
  'ListContainerStats',
  'PodSandboxStats',
  'ListPodSandboxStats',
  'ListPodSandboxMetrics',
  'StreamPodSandboxes',
  'StreamContainers',
  'StreamContainerStats',
  'StreamPodSandboxStats',
  'StreamPodSandboxMetrics',
  'StreamImages',
]);
/** Request fields that say which object a call is about; nothing else of a request is ever logged. */
const ID_FIELDS = ['podSandboxId', 'containerId'] as const;

export interface Instruments {
  readonly log: Logger;
  readonly metrics: CallMetrics;
}

export function instrument<Request, Reply>(
  method: string,
  handler: Handler<Request, Reply>,
  instruments: Instruments,
): handleUnaryCall<Request, Reply> {
  return (call, callback) => void respond(method, handler, instruments, call, callback);
}

async function respond<Request, Reply>(
  method: string,
  handler: Handler<Request, Reply>,
  instruments: Instruments,
  call: ServerUnaryCall<Request, Reply>,
  callback: sendUnaryData<Reply>,
): Promise<void> {
  const started = performance.now();
  const outcome = await settle(handler, call);
  const seconds = (performance.now() - started) / 1000;
  if (outcome.ok) {
    callback(null, outcome.reply);
    record(instruments, method, status.OK, seconds, ids(call.request));
    return;
  }
  const failure = toGrpcError(method, outcome.error);
  callback(failure);
  record(instruments, method, failure.code, seconds, { ...ids(call.request), ...failureFacts(failure, outcome.error) });
}

/** What the log says about a failure: the stack only of one that nobody meant. */
export function failureFacts(failure: GrpcError, error: unknown): Readonly<Record<string, unknown>> {
  const internal = failure.code === status.INTERNAL && error instanceof Error;
  return { error: failure.details, ...(internal ? { stack: error.stack } : {}) };
}

/** One call in the metrics and in the log. */
export function record(
  { log, metrics }: Instruments,
  method: string,
  code: status,
  seconds: number,
  facts: Readonly<Record<string, unknown>>,
): void {
  metrics.observe(method, status[code], seconds);
  const line = { method, code: status[code], ms: Math.round(seconds * 1000), ...facts };
  if (code !== status.OK) log.warn(line, 'call failed');
  else if (CHATTY.has(method)) log.debug(line, 'call');
  else log.info(line, 'call');
}

type Outcome<Reply> = { readonly ok: true; readonly reply: Reply } | { readonly ok: false; readonly error: unknown };

async function settle<Request, Reply>(
  handler: Handler<Request, Reply>,
  call: ServerUnaryCall<Request, Reply>,
): Promise<Outcome<Reply>> {
  try {
    return { ok: true, reply: await answer(handler, call) };
  } catch (error) {
    return { ok: false, error: expired(call, error) };
  }
}

/** Runs the handler with a signal that fires when the client gives up or its deadline passes. */
async function answer<Request, Reply>(
  handler: Handler<Request, Reply>,
  call: ServerUnaryCall<Request, Reply>,
): Promise<Reply> {
  const abort = new AbortController();
  const onCancelled = (): void => abort.abort();
  call.on('cancelled', onCancelled);
  try {
    return await handler(call.request, abort.signal);
  } finally {
    call.off('cancelled', onCancelled);
  }
}

/** A call that was given up because its time was over says so: kubelet tells DEADLINE_EXCEEDED from CANCELLED. */
function expired<Request, Reply>(call: ServerUnaryCall<Request, Reply>, error: unknown): unknown {
  const deadline = call.getDeadline();
  const over = Number(deadline) <= Date.now();
  if (error instanceof BoxError && error.reason === 'CANCELLED' && over) {
    return new BoxError('DEADLINE', error.message, { cause: error });
  }
  return error;
}

/** The ids in a request, for the log. */
export function ids(request: unknown): Readonly<Record<string, string>> {
  if (typeof request !== 'object' || request === null) return {};
  const found: Record<string, string> = {};
  for (const field of ID_FIELDS) {
    const value: unknown = Reflect.get(request, field);
    if (typeof value === 'string' && value !== '') found[field] = value;
  }
  return found;
}
