/** The 512-byte tar header: v7, POSIX ustar, GNU and star variants (POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format"). */
import { BoxError } from '../../errors.ts';
import { nameOfBytes, quoteName } from './names.ts';

export const TAR_BLOCK = 512;

/** A header as it stands, before extended headers are applied. */
export interface RawHeader {
  readonly path: string;
  readonly linkPath: string;
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtimeSeconds: number;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
}

/** An error in the archive, naming the entry it was found at. */
export function tarError(where: string, problem: string): BoxError {
  return new BoxError('LAYER_INVALID', `layer tar: ${problem} (at entry ${quoteName(where)})`);
}

function cString(block: Buffer, offset: number, length: number): string {
  const field = block.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return nameOfBytes(end < 0 ? field : field.subarray(0, end));
}

/** Base-256: first bit set, the rest a big-endian two's complement number (GNU tar's way past octal's range). */
function base256(field: Buffer): number {
  const first = field.readUInt8(0);
  const negative = (first & 0x40) !== 0;
  let value = negative ? -1n : 0n;
  for (const [index, byte] of field.entries())
    value = (value << 8n) | BigInt(index === 0 && !negative ? byte & 0x7f : byte);
  return Number(value);
}

function parseNumber(block: Buffer, offset: number, length: number, what: string, path: string): number {
  const field = block.subarray(offset, offset + length);
  if ((field.readUInt8(0) & 0x80) !== 0) {
    const value = base256(field);
    if (!Number.isSafeInteger(value)) throw tarError(path, `${what} is out of range`);
    return value;
  }
  const text = cString(block, offset, length).trim();
  if (text === '') return 0;
  if (!/^[0-7]+$/.test(text)) throw tarError(path, `${what} is not an octal number`);
  const value = Number.parseInt(text, 8);
  if (!Number.isSafeInteger(value)) throw tarError(path, `${what} is out of range`);
  return value;
}

/** Old tars summed signed chars: both sums are accepted. */
function checksumMatches(block: Buffer): boolean {
  const stored = Number.parseInt(cString(block, 148, 8).trim(), 8);
  let unsigned = 0;
  let signed = 0;
  for (let index = 0; index < TAR_BLOCK; index += 1) {
    const byte = index >= 148 && index < 156 ? 0x20 : (block[index] ?? 0);
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  return stored === unsigned || stored === signed;
}

function prefixOf(block: Buffer): string {
  // GNU's "ustar  \0" uses these bytes for something else; star keeps times in the last 24 of them.
  if (block.toString('latin1', 257, 263) !== 'ustar\0') return '';
  const isStar = block.toString('latin1', 508, 512) === 'tar\0';
  return cString(block, 345, isStar ? 131 : 155);
}

export function isZeroBlock(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

/**
 * Parses one header block.
 * @throws BoxError LAYER_INVALID for a wrong checksum or an unreadable number.
 */
export function parseHeader(block: Buffer): RawHeader {
  const shortName = cString(block, 0, 100);
  if (!checksumMatches(block)) throw tarError(shortName, 'header checksum is wrong');
  const prefix = prefixOf(block);
  const path = prefix === '' ? shortName : `${prefix}/${shortName}`;
  const hasDevice = block.toString('latin1', 257, 262) === 'ustar';
  const number = (offset: number, length: number, what: string): number =>
    parseNumber(block, offset, length, what, path);
  return {
    path,
    linkPath: cString(block, 157, 100),
    type: block.toString('latin1', 156, 157),
    mode: number(100, 8, 'mode') & 0o7777,
    uid: number(108, 8, 'uid'),
    gid: number(116, 8, 'gid'),
    size: number(124, 12, 'size'),
    mtimeSeconds: number(136, 12, 'mtime'),
    deviceMajor: hasDevice ? number(329, 8, 'device major') : 0,
    deviceMinor: hasDevice ? number(337, 8, 'device minor') : 0,
  };
}
