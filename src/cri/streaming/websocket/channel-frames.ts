/**
 * Messages of the channel protocols over WebSocket (k8s.io/streaming pkg/httpstream/wsstream): one byte says which channel the
 * rest is for. The base64 kind is text: the channel as one character from '0' on, then base64. Pure.
 */
import { BoxError } from '../../../errors.ts';

export type ChannelEncoding = 'binary' | 'base64';

/** v5's signal that the client sends no more on a channel: `[255, channel]`. */
const CLOSE_SIGNAL = 255;
const ZERO = 0x30;

export type ChannelMessage =
  | { readonly kind: 'data'; readonly channel: number; readonly bytes: Buffer }
  | { readonly kind: 'close'; readonly channel: number };

/** `halfClose`: whether the protocol has the close signal. INVALID_REQUEST for a message that is none. */
export function decodeMessage(message: Buffer, encoding: ChannelEncoding, halfClose: boolean): ChannelMessage {
  const [first] = message;
  if (first === undefined) throw malformed('an empty message');
  const rest = message.subarray(1);
  if (encoding === 'base64') return { kind: 'data', channel: digit(first), bytes: fromBase64(rest) };
  if (!halfClose || first !== CLOSE_SIGNAL) return { kind: 'data', channel: first, bytes: rest };
  const [channel] = rest;
  if (channel === undefined || rest.length > 1) throw malformed(`a close signal of ${message.length} bytes`);
  return { kind: 'close', channel };
}

/** A string is to be sent as a text message. */
export function encodeMessage(channel: number, bytes: Buffer, encoding: ChannelEncoding): Buffer | string {
  if (encoding === 'base64') return String.fromCharCode(ZERO + channel) + bytes.toString('base64');
  return Buffer.concat([Buffer.of(channel), bytes]);
}

function digit(character: number): number {
  if (character < ZERO) throw malformed(`channel ${JSON.stringify(String.fromCharCode(character))}`);
  return character - ZERO;
}

function fromBase64(text: Buffer): Buffer {
  const letters = text.toString('latin1');
  if (letters.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(letters)) throw malformed('text that is no base64');
  return Buffer.from(letters, 'base64');
}

function malformed(what: string): BoxError {
  return new BoxError('INVALID_REQUEST', `websocket: ${what}`);
}
