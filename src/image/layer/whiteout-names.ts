/** Whiteouts in layer tars (OCI image-spec layer.md, "Whiteouts"). */
export const WHITEOUT_PREFIX = '.wh.';
export const OPAQUE_NAME = '.wh..wh..opq';
export const AUFS_PREFIX = '.wh..wh.';
