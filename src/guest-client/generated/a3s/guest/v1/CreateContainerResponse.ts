// Original file: proto/guest/v1/guest.proto


export interface CreateContainerResponse {
  'uid'?: (number);
  'gid'?: (number);
  'supplementalGids'?: (number)[];
}

export interface CreateContainerResponse__Output {
  'uid': (number);
  'gid': (number);
  'supplementalGids': (number)[];
}
