// Original file: proto/guest/v1/guest.proto


export interface StatsRequest {
  'details'?: (boolean);
}

export interface StatsRequest__Output {
  'details': (boolean);
}
