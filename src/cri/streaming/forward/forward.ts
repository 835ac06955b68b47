/** One forwarded connection: a client's data and error streams, and a connection to a port of the pod. */
import type { Duplex, Writable } from 'node:stream';
import { messageOf } from '../../../errors.ts';
import { ended, pump, written } from '../pump.ts';
import { aborted } from '../waiting.ts';

/** Connects to a port of the pod. */
export type OpenPort = (port: number, signal: AbortSignal) => Promise<Duplex>;

export interface ForwardStreams {
  readonly data: Duplex;
  /** Gets one text if the forwarding fails, and ends in any case. */
  readonly error: Writable;
}

/** Runs until both directions have ended or one side is gone; `stopping` ends it too. Never rejects. */
export async function forward(
  open: OpenPort,
  port: number,
  { data, error }: ForwardStreams,
  stopping: AbortSignal,
): Promise<void> {
  const left = new AbortController();
  data.once('close', () => left.abort());
  const leave = AbortSignal.any([left.signal, stopping]);
  try {
    const target = await open(port, leave);
    try {
      await Promise.race([splice(data, target, error), aborted(leave)]);
    } finally {
      target.destroy();
    }
  } catch (cause) {
    if (!left.signal.aborted) await written(error, Buffer.from(`error forwarding port ${port}: ${messageOf(cause)}`));
  } finally {
    await ended(error);
    data.destroy();
  }
}

/** Each direction ends for itself. The error stream ends with the pod's side: clients wait for it before they close theirs. */
async function splice(data: Duplex, target: Duplex, error: Writable): Promise<void> {
  const fromPod = async (): Promise<void> => {
    await pump(target, data);
    await ended(error);
  };
  await Promise.all([pump(data, target), fromPod()]);
}
