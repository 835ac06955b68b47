// Original file: proto/guest/v1/guest.proto

import type { Long } from '@grpc/proto-loader';

// Original file: proto/guest/v1/guest.proto

export const _a3s_guest_v1_LogChunk_Stream = {
  STREAM_UNSPECIFIED: 'STREAM_UNSPECIFIED',
  STDOUT: 'STDOUT',
  STDERR: 'STDERR',
} as const;

export type _a3s_guest_v1_LogChunk_Stream =
  | 'STREAM_UNSPECIFIED'
  | 0
  | 'STDOUT'
  | 1
  | 'STDERR'
  | 2

export type _a3s_guest_v1_LogChunk_Stream__Output = typeof _a3s_guest_v1_LogChunk_Stream[keyof typeof _a3s_guest_v1_LogChunk_Stream]

export interface LogChunk {
  'stream'?: (_a3s_guest_v1_LogChunk_Stream);
  'offset'?: (number | string | Long);
  'readAtNs'?: (number | string | Long);
  'data'?: (Buffer | Uint8Array | string);
}

export interface LogChunk__Output {
  'stream': (_a3s_guest_v1_LogChunk_Stream__Output);
  'offset': (string);
  'readAtNs': (string);
  'data': (Buffer);
}
