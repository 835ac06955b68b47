/** Pax extended headers (POSIX.1-2017 pax, "pax Extended Header"): records `LENGTH KEY=VALUE\n`, values as bytes. */
import { tarError } from './header.ts';
import { nameOfBytes } from './names.ts';

const XATTR_PREFIX = 'SCHILY.xattr.';

/** The records this reader acts on; absent ones leave the plain header's value. */
export interface PaxOverrides {
  readonly path?: string;
  readonly linkPath?: string;
  readonly size?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: { readonly seconds: number; readonly nanoseconds: number };
  readonly xattrs: ReadonlyMap<string, Buffer>;
}

/** Splits the body of an extended header into key and value bytes; the last record of a key wins. */
export function parsePaxRecords(body: Buffer, where: string): ReadonlyMap<string, Buffer> {
  const records = new Map<string, Buffer>();
  let at = 0;
  while (at < body.length) {
    const space = body.indexOf(0x20, at);
    const digits = space < 0 ? '' : body.toString('latin1', at, space);
    if (!/^[1-9][0-9]{0,7}$/.test(digits)) throw tarError(where, 'pax record has no length');
    const end = at + Number(digits);
    if (end > body.length || end <= space + 2 || body[end - 1] !== 0x0a)
      throw tarError(where, 'pax record has a wrong length');
    const equals = body.indexOf(0x3d, space + 1);
    if (equals < 0 || equals >= end || equals === space + 1) throw tarError(where, 'pax record has no key');
    records.set(nameOfBytes(body.subarray(space + 1, equals)), body.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

function decimal(text: string, key: string, where: string): number {
  const value = Number(text);
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(value)) throw tarError(where, `pax ${key} is not a number`);
  return value;
}

/** `[-]SECONDS[.FRACTION]`; nanoseconds are kept non-negative, as timespec has them. */
function timestamp(text: string, where: string): { seconds: number; nanoseconds: number } {
  const match = /^(-?)([0-9]{1,15})(?:\.([0-9]*))?$/.exec(text);
  if (match === null) throw tarError(where, 'pax mtime is not a time');
  const [, sign = '', whole = '0', fraction = ''] = match;
  const seconds = Number(whole);
  const nanoseconds = Number(fraction.padEnd(9, '0').slice(0, 9));
  if (sign === '') return { seconds, nanoseconds };
  return nanoseconds === 0
    ? { seconds: 0 - seconds, nanoseconds: 0 }
    : { seconds: -seconds - 1, nanoseconds: 1e9 - nanoseconds };
}

function name(value: Buffer, key: string, where: string): string {
  if (value.includes(0)) throw tarError(where, `pax ${key} holds a NUL byte`);
  return nameOfBytes(value);
}

/**
 * Reads the overrides out of an extended header's body.
 * An empty value takes a record back; keys not listed in PaxOverrides are ignored, sparse files are refused.
 */
export function parsePaxOverrides(body: Buffer, where: string): PaxOverrides {
  const records = parsePaxRecords(body, where);
  const xattrs = new Map<string, Buffer>();
  for (const [key, value] of records) {
    if (key.startsWith('GNU.sparse.')) throw tarError(where, 'sparse files are not supported');
    // A copy: the body may be part of a chunk that is reused.
    if (key.startsWith(XATTR_PREFIX))
      xattrs.set(name(Buffer.from(key, 'latin1'), key, where).slice(XATTR_PREFIX.length), Buffer.from(value));
  }
  const get = <T>(key: string, read: (value: Buffer) => T): T | undefined => {
    const value = records.get(key);
    return value === undefined || value.length === 0 ? undefined : read(value);
  };
  const number = (key: string) => get(key, (value) => decimal(value.toString('latin1'), key, where));
  const path = get('path', (value) => name(value, 'path', where));
  const linkPath = get('linkpath', (value) => name(value, 'linkpath', where));
  const size = number('size');
  const uid = number('uid');
  const gid = number('gid');
  const mtime = get('mtime', (value) => timestamp(value.toString('latin1'), where));
  return {
    xattrs,
    ...(path === undefined ? {} : { path }),
    ...(linkPath === undefined ? {} : { linkPath }),
    ...(size === undefined ? {} : { size }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    ...(mtime === undefined ? {} : { mtime }),
  };
}
