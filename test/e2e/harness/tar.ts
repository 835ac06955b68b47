/** Tar files byte by byte, because no tool writes hostile ones (POSIX ustar). */

const BLOCK = 512;

export interface TarEntry {
  readonly name: string;
  /** ustar type: 0 file, 1 hard link, 2 symbolic link, 3 and 4 devices, 5 folder. */
  readonly type?: '0' | '1' | '2' | '3' | '4' | '5';
  readonly linkname?: string;
  readonly content?: string;
  readonly mode?: number;
  readonly major?: number;
  readonly minor?: number;
}

export function tar(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(entryBlocks), Buffer.alloc(2 * BLOCK)]);
}

function entryBlocks(entry: TarEntry): Buffer[] {
  const {
    name,
    type = '0',
    linkname = '',
    content = '',
    mode = type === '5' ? 0o755 : 0o644,
    major = 0,
    minor = 0,
  } = entry;
  const body = Buffer.from(content);
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 100, 'latin1');
  octal(header, mode, 100, 8);
  octal(header, 0, 108, 8);
  octal(header, 0, 116, 8);
  octal(header, body.length, 124, 12);
  octal(header, 0, 136, 12);
  header.write('        ', 148);
  header.write(type, 156);
  header.write(linkname, 157, 100, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  octal(header, major, 329, 8);
  octal(header, minor, 337, 8);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return [header, body, Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK)];
}

function octal(header: Buffer, value: number, offset: number, width: number): void {
  header.write(`${value.toString(8).padStart(width - 1, '0')}\0`, offset);
}
