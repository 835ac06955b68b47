// Original file: proto/guest/v1/guest.proto


export interface ConfigureSandboxResponse {
  'kernelRelease'?: (string);
  'agentVersion'?: (string);
}

export interface ConfigureSandboxResponse__Output {
  'kernelRelease': (string);
  'agentVersion': (string);
}
