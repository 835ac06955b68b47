// Original file: proto/guest/v1/guest.proto


export interface RunExited {
  'exitCode'?: (number);
  'timedOut'?: (boolean);
}

export interface RunExited__Output {
  'exitCode': (number);
  'timedOut': (boolean);
}
