/** What one layer may cost. The worker refuses a layer that goes over one of them. */
export interface LayerLimits {
  /** Inodes, implied directories included. */
  readonly maxEntries: number;
  /** Bytes of names, link targets and extended attributes, which are held in memory. */
  readonly maxMetadataBytes: number;
  /** Bytes of the uncompressed tar. */
  readonly maxUncompressedBytes: number;
}

export const defaultLayerLimits: LayerLimits = {
  maxEntries: 1_000_000,
  maxMetadataBytes: 128 << 20,
  maxUncompressedBytes: 64 * 2 ** 30,
};

/** Linux PATH_MAX without its NUL, and NAME_MAX. */
export const MAX_PATH_BYTES = 4095;
export const MAX_NAME_BYTES = 255;
/** Linux follows at most 40 symlinks in one path lookup. */
export const MAX_SYMLINK_HOPS = 40;
