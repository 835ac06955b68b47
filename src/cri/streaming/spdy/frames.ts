/**
 * SPDY/3 frames, as moby/spdystream speaks them. A control frame is `1 | version (15 bits) | type (16) | flags (8) |
 * length (24)`, a data frame `0 | stream (31) | flags (8) | length (24)`; the payload follows. Pure.
 */

export const VERSION = 3;
export const FRAME_HEADER = 8;
export const CONTROL_BIT = 0x80;
export const FLAG_FIN = 0x01;

export const FrameType = {
  SYN_STREAM: 1,
  SYN_REPLY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  HEADERS: 8,
  WINDOW_UPDATE: 9,
} as const;

export const ResetStatus = { PROTOCOL_ERROR: 1, REFUSED_STREAM: 3, CANCEL: 5 } as const;
export type ResetStatus = (typeof ResetStatus)[keyof typeof ResetStatus];

export const GoAwayStatus = { OK: 0, PROTOCOL_ERROR: 1 } as const;
export type GoAwayStatus = (typeof GoAwayStatus)[keyof typeof GoAwayStatus];

/** What a peer says, as far as it matters here; the payload of a data frame comes in pieces, `fin` with the last of them. */
export type Frame =
  | { readonly kind: 'data'; readonly streamId: number; readonly fin: boolean; readonly bytes: Buffer }
  | { readonly kind: 'open'; readonly streamId: number; readonly fin: boolean; readonly headerBlock: Buffer }
  | { readonly kind: 'headers'; readonly streamId: number; readonly fin: boolean; readonly headerBlock: Buffer }
  | { readonly kind: 'reset'; readonly streamId: number }
  | { readonly kind: 'ping'; readonly id: number }
  | { readonly kind: 'goAway' };

/** The eight bytes before the payload of a data frame. */
export function dataHeader(streamId: number, length: number, fin: boolean): Buffer {
  const header = Buffer.alloc(FRAME_HEADER);
  header.writeUInt32BE(streamId, 0);
  header.writeUInt32BE(((fin ? FLAG_FIN : 0) << 24) | length, 4);
  return header;
}

export function controlFrame(type: number, flags: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(FRAME_HEADER);
  header.writeUInt16BE((CONTROL_BIT << 8) | VERSION, 0);
  header.writeUInt16BE(type, 2);
  header.writeUInt32BE(((flags << 24) | payload.length) >>> 0, 4);
  return Buffer.concat([header, payload]);
}

/** "Yes" to an opened stream, with compressed headers. */
export function synReply(streamId: number, headerBlock: Buffer): Buffer {
  return controlFrame(FrameType.SYN_REPLY, 0, Buffer.concat([uint32s(streamId), headerBlock]));
}

export function rstStream(streamId: number, status: ResetStatus): Buffer {
  return controlFrame(FrameType.RST_STREAM, 0, uint32s(streamId, status));
}

export function ping(id: number): Buffer {
  return controlFrame(FrameType.PING, 0, uint32s(id));
}

export function goAway(lastStreamId: number, status: GoAwayStatus): Buffer {
  return controlFrame(FrameType.GOAWAY, 0, uint32s(lastStreamId, status));
}

function uint32s(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length);
  for (const [i, number] of numbers.entries()) bytes.writeUInt32BE(number, 4 * i);
  return bytes;
}
