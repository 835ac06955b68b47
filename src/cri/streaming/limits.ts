/** Times that cri-streaming promises, and kubelet's clients expect. */

/** A client that has upgraded its connection must open its streams within this. */
export const STREAM_CREATION_MS = 30_000;
/** A connection on which nothing happens in either direction is closed after this. */
export const IDLE_MS = 4 * 60 * 60 * 1000;
