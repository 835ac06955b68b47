// Original file: proto/guest/v1/guest.proto


export interface SeccompFilter {
  'program'?: (Buffer | Uint8Array | string);
  'flags'?: (number);
}

export interface SeccompFilter__Output {
  'program': (Buffer);
  'flags': (number);
}
