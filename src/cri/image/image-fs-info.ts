import { nowNanos } from '../../runtime/time.ts';
import type { FilesystemUsage } from '../generated/runtime/v1/FilesystemUsage.ts';
import type { ImageFsInfoRequest__Output } from '../generated/runtime/v1/ImageFsInfoRequest.ts';
import type { ImageFsInfoResponse } from '../generated/runtime/v1/ImageFsInfoResponse.ts';
import type { Cores, Handler } from '../handler.ts';

/** The image client's hello: also an empty store answers with its file system. */
export function imageFsInfo({ images }: Cores): Handler<ImageFsInfoRequest__Output, ImageFsInfoResponse> {
  return async () => {
    const { mountpoint, usedBytes, inodesUsed } = await images.usage();
    const usage: FilesystemUsage = {
      timestamp: nowNanos(),
      fsId: { mountpoint },
      usedBytes: { value: usedBytes },
      inodesUsed: { value: inodesUsed },
    };
    return { imageFilesystems: [usage], containerFilesystems: [usage] };
  };
}
