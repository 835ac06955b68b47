// Original file: proto/guest/v1/guest.proto


export interface Layer {
  'name'?: (string);
  'impliedDirs'?: (string)[];
  'rootOpaque'?: (boolean);
}

export interface Layer__Output {
  'name': (string);
  'impliedDirs': (string)[];
  'rootOpaque': (boolean);
}
