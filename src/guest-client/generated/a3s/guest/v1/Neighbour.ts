// Original file: proto/guest/v1/guest.proto


export interface Neighbour {
  'address'?: (string);
  'mac'?: (string);
}

export interface Neighbour__Output {
  'address': (string);
  'mac': (string);
}
