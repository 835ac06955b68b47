/**
 * Names inside a layer are bytes. They are kept as latin1 strings (one char per byte): nothing is lost, they work as map
 * keys, and JavaScript's string order is their byte order, which EROFS directories need.
 */

/** The bytes of a field or record as a name. */
export function nameOfBytes(bytes: Buffer): string {
  return bytes.toString('latin1');
}

/** A name for a message: decoded as UTF-8, quoted, control bytes escaped, cut at 120 characters. */
export function quoteName(name: string): string {
  const text = Buffer.from(name, 'latin1').toString('utf8');
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text);
}

/** The name as UTF-8 text, or undefined if its bytes are not UTF-8 (JSON and protobuf strings cannot hold it). */
export function utf8OfName(name: string): string | undefined {
  const bytes = Buffer.from(name, 'latin1');
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined;
}
