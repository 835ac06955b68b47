// Original file: proto/guest/v1/guest.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ForwardRequest as _a3s_guest_v1_ForwardRequest, ForwardRequest__Output as _a3s_guest_v1_ForwardRequest__Output } from '../../../a3s/guest/v1/ForwardRequest.ts';
import type { ForwardResponse as _a3s_guest_v1_ForwardResponse, ForwardResponse__Output as _a3s_guest_v1_ForwardResponse__Output } from '../../../a3s/guest/v1/ForwardResponse.ts';
import type { LogsRequest as _a3s_guest_v1_LogsRequest, LogsRequest__Output as _a3s_guest_v1_LogsRequest__Output } from '../../../a3s/guest/v1/LogsRequest.ts';
import type { LogsResponse as _a3s_guest_v1_LogsResponse, LogsResponse__Output as _a3s_guest_v1_LogsResponse__Output } from '../../../a3s/guest/v1/LogsResponse.ts';
import type { RunRequest as _a3s_guest_v1_RunRequest, RunRequest__Output as _a3s_guest_v1_RunRequest__Output } from '../../../a3s/guest/v1/RunRequest.ts';
import type { RunResponse as _a3s_guest_v1_RunResponse, RunResponse__Output as _a3s_guest_v1_RunResponse__Output } from '../../../a3s/guest/v1/RunResponse.ts';

export interface ExecClient extends grpc.Client {
  Attach(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_a3s_guest_v1_RunRequest, _a3s_guest_v1_RunResponse__Output>;
  Attach(options?: grpc.CallOptions): grpc.ClientDuplexStream<_a3s_guest_v1_RunRequest, _a3s_guest_v1_RunResponse__Output>;
  attach(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_a3s_guest_v1_RunRequest, _a3s_guest_v1_RunResponse__Output>;
  attach(options?: grpc.CallOptions): grpc.ClientDuplexStream<_a3s_guest_v1_RunRequest, _a3s_guest_v1_RunResponse__Output>;
  
  Forward(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_a3s_guest_v1_ForwardRequest, _a3s_guest_v1_ForwardResponse__Output>;
  Forward(options?: grpc.CallOptions): grpc.ClientDuplexStream<_a3s_guest_v1_ForwardRequest, _a3s_guest_v1_ForwardResponse__Output>;
  forward(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_a3s_guest_v1_ForwardRequest, _a3s_guest_v1_ForwardResponse__Output>;
  forward(options?: grpc.CallOptions): grpc.ClientDuplexStream<_a3s_guest_v1_ForwardRequest, _a3s_guest_v1_ForwardResponse__Output>;
  
  Logs(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_a3s_guest_v1_LogsRequest, _a3s_guest_v1_LogsResponse__Output>;
  Logs(options?: grpc.CallOptions): grpc.ClientDuplexStream<_a3s_guest_v1_LogsRequest, _a3s_guest_v1_LogsResponse__Output>;
  logs(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_a3s_guest_v1_LogsRequest, _a3s_guest_v1_LogsResponse__Output>;
  logs(options?: grpc.CallOptions): grpc.ClientDuplexStream<_a3s_guest_v1_LogsRequest, _a3s_guest_v1_LogsResponse__Output>;
  
  Run(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_a3s_guest_v1_RunRequest, _a3s_guest_v1_RunResponse__Output>;
  Run(options?: grpc.CallOptions): grpc.ClientDuplexStream<_a3s_guest_v1_RunRequest, _a3s_guest_v1_RunResponse__Output>;
  run(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_a3s_guest_v1_RunRequest, _a3s_guest_v1_RunResponse__Output>;
  run(options?: grpc.CallOptions): grpc.ClientDuplexStream<_a3s_guest_v1_RunRequest, _a3s_guest_v1_RunResponse__Output>;
  
}

export interface ExecHandlers extends grpc.UntypedServiceImplementation {
  Attach: grpc.handleBidiStreamingCall<_a3s_guest_v1_RunRequest__Output, _a3s_guest_v1_RunResponse>;
  
  Forward: grpc.handleBidiStreamingCall<_a3s_guest_v1_ForwardRequest__Output, _a3s_guest_v1_ForwardResponse>;
  
  Logs: grpc.handleBidiStreamingCall<_a3s_guest_v1_LogsRequest__Output, _a3s_guest_v1_LogsResponse>;
  
  Run: grpc.handleBidiStreamingCall<_a3s_guest_v1_RunRequest__Output, _a3s_guest_v1_RunResponse>;
  
}

export interface ExecDefinition extends grpc.ServiceDefinition {
  Attach: MethodDefinition<_a3s_guest_v1_RunRequest, _a3s_guest_v1_RunResponse, _a3s_guest_v1_RunRequest__Output, _a3s_guest_v1_RunResponse__Output>
  Forward: MethodDefinition<_a3s_guest_v1_ForwardRequest, _a3s_guest_v1_ForwardResponse, _a3s_guest_v1_ForwardRequest__Output, _a3s_guest_v1_ForwardResponse__Output>
  Logs: MethodDefinition<_a3s_guest_v1_LogsRequest, _a3s_guest_v1_LogsResponse, _a3s_guest_v1_LogsRequest__Output, _a3s_guest_v1_LogsResponse__Output>
  Run: MethodDefinition<_a3s_guest_v1_RunRequest, _a3s_guest_v1_RunResponse, _a3s_guest_v1_RunRequest__Output, _a3s_guest_v1_RunResponse__Output>
}
