/** Bytes, however they are cut, to SPDY frames. */
import { BoxError } from '../../../errors.ts';
import { CONTROL_BIT, FLAG_FIN, FRAME_HEADER, type Frame, FrameType, VERSION } from './frames.ts';

/** Of a control frame's payload: the largest one is a header block of a few dozen bytes. */
export const MAX_CONTROL_FRAME = 16 * 1024;
const STREAM_ID = 0x7fff_ffff;
/** Before the header block of a SYN_STREAM: stream id, associated stream, priority, slot. */
const OPEN_PREFIX = 10;

type Current =
  | { readonly kind: 'data'; readonly streamId: number; readonly fin: boolean; left: number }
  | { readonly kind: 'control'; readonly type: number; readonly fin: boolean; left: number };

/**
 * INVARIANTS
 * - It holds back at most one frame header and one control frame (MAX_CONTROL_FRAME); data goes on as it comes.
 * - `#current` is the frame whose payload is being read; undefined between frames.
 * Of no use after it has thrown.
 */
export class FrameReader {
  #current: Current | undefined;
  #held = Buffer.alloc(0);

  /** The frames that end in this chunk and the data in it; data are views of the chunk. INVALID_REQUEST for what is no SPDY/3. */
  *push(chunk: Buffer): Generator<Frame, void, undefined> {
    let rest = chunk;
    for (;;) {
      if (this.#current === undefined) {
        const missing = FRAME_HEADER - this.#held.length;
        this.#current = this.#header(rest.subarray(0, missing));
        rest = rest.subarray(missing);
      }
      const current = this.#current;
      // a payload of no bytes is complete at once
      if (current === undefined || (rest.length === 0 && current.left > 0)) return;
      const piece = rest.subarray(0, current.left);
      rest = rest.subarray(piece.length);
      current.left -= piece.length;
      if (current.left === 0) this.#current = undefined;
      const frame = current.kind === 'data' ? dataFrame(current, piece) : this.#control(current, piece);
      if (frame !== undefined) yield frame;
    }
  }

  /** Collects a frame header; undefined until it is complete. */
  #header(piece: Buffer): Current | undefined {
    const header = Buffer.concat([this.#held, piece]);
    const complete = header.length === FRAME_HEADER;
    this.#held = complete ? Buffer.alloc(0) : header;
    return complete ? parseHeader(header) : undefined;
  }

  /** Collects a control frame's payload; undefined until it is complete, and for frames that nobody here needs. */
  #control(current: Extract<Current, { kind: 'control' }>, piece: Buffer): Frame | undefined {
    const payload = Buffer.concat([this.#held, piece]);
    this.#held = current.left === 0 ? Buffer.alloc(0) : payload;
    return current.left === 0 ? parseControl(current.type, current.fin, payload) : undefined;
  }
}

function dataFrame({ streamId, fin, left }: Extract<Current, { kind: 'data' }>, bytes: Buffer): Frame {
  return { kind: 'data', streamId, fin: fin && left === 0, bytes };
}

function parseHeader(header: Buffer): Current {
  const flagsAndLength = header.readUInt32BE(4);
  const fin = ((flagsAndLength >>> 24) & FLAG_FIN) !== 0;
  const length = flagsAndLength & 0xff_ffff;
  if ((header.readUInt8(0) & CONTROL_BIT) === 0) {
    return { kind: 'data', streamId: header.readUInt32BE(0), fin, left: length };
  }
  const version = header.readUInt16BE(0) & 0x7fff;
  if (version !== VERSION) throw malformed(`version ${version} instead of ${VERSION}`);
  if (length > MAX_CONTROL_FRAME) {
    throw malformed(`a control frame of ${length} bytes, ${MAX_CONTROL_FRAME} are possible`);
  }
  return { kind: 'control', type: header.readUInt16BE(2), fin, left: length };
}

function parseControl(type: number, fin: boolean, payload: Buffer): Frame | undefined {
  const number = (): number => {
    if (payload.length < 4) throw malformed(`a frame of type ${type} with ${payload.length} bytes`);
    return payload.readUInt32BE(0);
  };
  switch (type) {
    case FrameType.SYN_STREAM:
      if (payload.length < OPEN_PREFIX) throw malformed(`a SYN_STREAM of ${payload.length} bytes`);
      return { kind: 'open', streamId: number() & STREAM_ID, fin, headerBlock: payload.subarray(OPEN_PREFIX) };
    // a reply to a stream that we never open: still part of the one stream of compressed headers
    case FrameType.SYN_REPLY:
    case FrameType.HEADERS:
      return { kind: 'headers', streamId: number() & STREAM_ID, fin, headerBlock: payload.subarray(4) };
    case FrameType.RST_STREAM:
      return { kind: 'reset', streamId: number() & STREAM_ID };
    case FrameType.PING:
      return { kind: 'ping', id: number() };
    case FrameType.GOAWAY:
      return { kind: 'goAway' };
    // SETTINGS and WINDOW_UPDATE: there is no flow control; unknown types are to be ignored
    default:
      return undefined;
  }
}

function malformed(what: string): BoxError {
  return new BoxError('INVALID_REQUEST', `spdy: ${what}`);
}
