/** Builds tars, well-formed and odd ones, block by block. */

export interface TarFields {
  readonly name?: string;
  /** Type flag; '0' if not given. */
  readonly type?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Size field; the data's length if not given. */
  readonly size?: number;
  readonly mtime?: number;
  readonly link?: string;
  readonly major?: number;
  readonly minor?: number;
  readonly prefix?: string;
  readonly format?: 'ustar' | 'gnu' | 'v7';
  readonly data?: string | Buffer;
  /** Changes the finished header before (default) or after its checksum is taken. */
  readonly patch?: (header: Buffer) => void;
  readonly patchAfterChecksum?: (header: Buffer) => void;
}

const magics = { ustar: 'ustar\x0000', gnu: 'ustar  \0', v7: '' } as const;

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}

function padToBlock(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

/** Writes the header's checksum field. */
export function sealHeader(header: Buffer): void {
  header.fill(0x20, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}

/** One member: header and padded data. Names are written as latin1. */
export function member(fields: TarFields): Buffer {
  const data = Buffer.from(fields.data ?? '');
  const header = Buffer.alloc(512);
  header.write(fields.name ?? 'file', 0, 100, 'latin1');
  header.write(octal(fields.mode ?? 0o644, 8), 100, 'latin1');
  header.write(octal(fields.uid ?? 0, 8), 108, 'latin1');
  header.write(octal(fields.gid ?? 0, 8), 116, 'latin1');
  header.write(octal(fields.size ?? data.length, 12), 124, 'latin1');
  header.write(octal(fields.mtime ?? 0, 12), 136, 'latin1');
  header.write(fields.type ?? '0', 156, 'latin1');
  header.write(fields.link ?? '', 157, 100, 'latin1');
  header.write(magics[fields.format ?? 'ustar'], 257, 'latin1');
  if (fields.format !== 'v7') {
    header.write(octal(fields.major ?? 0, 8), 329, 'latin1');
    header.write(octal(fields.minor ?? 0, 8), 337, 'latin1');
  }
  header.write(fields.prefix ?? '', 345, 155, 'latin1');
  fields.patch?.(header);
  sealHeader(header);
  fields.patchAfterChecksum?.(header);
  return Buffer.concat([header, padToBlock(data)]);
}

export function directory(name: string, fields: TarFields = {}): Buffer {
  return member({ name: `${name}/`, type: '5', mode: 0o755, ...fields });
}

export function file(name: string, data: string | Buffer = '', fields: TarFields = {}): Buffer {
  return member({ name, data, ...fields });
}

export function symlink(name: string, link: string, fields: TarFields = {}): Buffer {
  return member({ name, link, type: '2', mode: 0o777, ...fields });
}

export function hardLink(name: string, link: string, fields: TarFields = {}): Buffer {
  return member({ name, link, type: '1', ...fields });
}

/** One pax record; the length counts its own digits. */
export function paxRecord(key: string, value: string | Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(` ${key}=`, 'latin1'), Buffer.from(value), Buffer.from('\n')]);
  let length = body.length + 1;
  while (String(length).length + body.length !== length) length += 1;
  return Buffer.concat([Buffer.from(String(length)), body]);
}

/** An extended header with these records. */
export function pax(records: Readonly<Record<string, string | Buffer>>, type: 'x' | 'g' = 'x'): Buffer {
  const data = Buffer.concat(Object.entries(records).map(([key, value]) => paxRecord(key, value)));
  return member({ name: 'PaxHeaders/x', type, data });
}

/** A GNU long name (L) or long link (K) header. */
export function gnuLong(type: 'L' | 'K', name: string): Buffer {
  return member({ name: '././@LongLink', type, format: 'gnu', data: Buffer.from(`${name}\0`, 'latin1') });
}

export const endOfArchive = Buffer.alloc(1024);

/** Members and the end marker. */
export function archive(...members: readonly Buffer[]): Buffer {
  return Buffer.concat([...members, endOfArchive]);
}
