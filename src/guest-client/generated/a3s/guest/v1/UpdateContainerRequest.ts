// Original file: proto/guest/v1/guest.proto


export interface UpdateContainerRequest {
  'containerId'?: (string);
  'resources'?: (Buffer | Uint8Array | string);
}

export interface UpdateContainerRequest__Output {
  'containerId': (string);
  'resources': (Buffer);
}
