// Original file: proto/guest/v1/guest.proto


export interface Route {
  'destination'?: (string);
  'gateway'?: (string);
  'source'?: (string);
  'metric'?: (number);
  'onlink'?: (boolean);
}

export interface Route__Output {
  'destination': (string);
  'gateway': (string);
  'source': (string);
  'metric': (number);
  'onlink': (boolean);
}
