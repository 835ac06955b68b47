// Original file: proto/guest/v1/guest.proto


export interface SignalContainerRequest {
  'containerId'?: (string);
  'signal'?: (number);
  'all'?: (boolean);
}

export interface SignalContainerRequest__Output {
  'containerId': (string);
  'signal': (number);
  'all': (boolean);
}
