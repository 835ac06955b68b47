// Original file: proto/guest/v1/guest.proto


export interface HeartbeatRequest {
  'afterMs'?: (number);
}

export interface HeartbeatRequest__Output {
  'afterMs': (number);
}
