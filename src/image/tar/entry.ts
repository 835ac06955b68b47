export type TarKind = 'file' | 'directory' | 'symlink' | 'hardlink' | 'char' | 'block' | 'fifo';

/** Full attribute name (latin1) to its bytes. */
export type Xattrs = ReadonlyMap<string, Buffer>;

/** One member of a layer tar, extended headers already applied. Names are latin1 strings (see names.ts), not yet resolved. */
export interface TarEntry {
  readonly kind: TarKind;
  readonly path: string;
  /** Target of a symlink or hard link, else empty. */
  readonly linkPath: string;
  /** Permission, setuid, setgid and sticky bits only. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of data that follow; 0 for anything but a file. */
  readonly size: number;
  /** Seconds since the epoch; may be negative. */
  readonly mtimeSeconds: number;
  readonly mtimeNanoseconds: number;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  readonly xattrs: Xattrs;
}

/** Receives what a TarReader finds, in archive order. */
export interface TarSink {
  entry(entry: TarEntry): void;
  /** Data of the latest file entry, `size` bytes in all. The buffer is only valid during the call. */
  data(chunk: Buffer): void;
}
