/** Copying between streams, one piece at a time. */
import type { Readable, Writable } from 'node:stream';

/**
 * Copies all of `source` to `sink` and ends it. At most one piece is on its way, however small the pieces are. What a closed
 * sink does not take is read and dropped, so that nobody waits for it. Rejects if the source fails or is closed before its end.
 */
export async function pump(source: Readable, sink: Writable): Promise<void> {
  // its failure shows in writes and in 'close'; unheard it would end the daemon
  sink.on('error', ignore);
  // a source that is the end of a connection has another direction, which goes on
  for await (const piece of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    if (sink.writable) await written(sink, piece);
  }
  if (sink.writable) await ended(sink);
}

/** Resolves when the sink has taken the piece, or will take nothing more. */
export function written(sink: Writable, piece: Buffer): Promise<void> {
  return settled(sink, (done) => sink.write(piece, done));
}

/** Ends the sink; resolves when it has taken everything, or has closed. */
export function ended(sink: Writable): Promise<void> {
  return settled(sink, (done) => sink.end(done));
}

function settled(sink: Writable, act: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    if (sink.destroyed) return resolve();
    const done = (): void => {
      sink.off('close', done);
      resolve();
    };
    sink.once('close', done);
    act(done);
  });
}

function ignore(): void {}

/** How often a peer that we do not read from is spoken to. */
const PROBE_MS = 10_000;

/**
 * Waits, and calls `probe` now and then meanwhile: a socket that is not read tells its end only to somebody who writes.
 */
export async function probing(wait: Promise<void>, probe: () => void): Promise<void> {
  const timer = setInterval(probe, PROBE_MS);
  try {
    await wait;
  } finally {
    clearInterval(timer);
  }
}
