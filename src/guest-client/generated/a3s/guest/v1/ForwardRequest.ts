// Original file: proto/guest/v1/guest.proto


export interface ForwardRequest {
  'port'?: (number);
  'data'?: (Buffer | Uint8Array | string);
  'request'?: "port"|"data";
}

export interface ForwardRequest__Output {
  'port'?: (number);
  'data'?: (Buffer);
  'request'?: "port"|"data";
}
