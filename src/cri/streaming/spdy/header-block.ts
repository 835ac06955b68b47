/** SPDY/3 name/value blocks, uncompressed: a count, then names and values behind their lengths, all of 32 bits. Pure. */
import { BoxError } from '../../../errors.ts';

/** Remote command and port forwarding send up to three headers of a few letters. */
const MAX_HEADERS = 64;

/** Names are lower-case on the wire; a name that comes twice is an error, as the protocol says. */
export type Headers = ReadonlyMap<string, string>;

/** INVALID_REQUEST if the block is not exactly the pairs that it announces. */
export function parseHeaderBlock(block: Buffer): Headers {
  const headers = new Map<string, string>();
  let at = 0;
  const number = (): number => {
    if (at + 4 > block.length) throw malformed('ends early');
    at += 4;
    return block.readUInt32BE(at - 4);
  };
  const text = (): string => {
    const length = number();
    if (length > block.length - at) throw malformed('ends early');
    at += length;
    return block.toString('latin1', at - length, at);
  };
  const count = number();
  if (count > MAX_HEADERS) throw malformed(`has ${count} headers, ${MAX_HEADERS} are possible`);
  for (let i = 0; i < count; i += 1) {
    const name = text().toLowerCase();
    if (headers.has(name)) throw malformed(`has header ${JSON.stringify(name)} twice`);
    headers.set(name, text());
  }
  if (at !== block.length) throw malformed(`has ${block.length - at} bytes too many`);
  return headers;
}

export function formatHeaderBlock(headers: Headers): Buffer {
  const count = Buffer.alloc(4);
  count.writeUInt32BE(headers.size);
  const strings = [...headers].flat().flatMap((text) => {
    const bytes = Buffer.from(text, 'latin1');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat([count, ...strings]);
}

function malformed(what: string): BoxError {
  return new BoxError('INVALID_REQUEST', `spdy: a header block ${what}`);
}
