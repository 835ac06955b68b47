// Original file: proto/guest/v1/guest.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ConfigureSandboxRequest as _a3s_guest_v1_ConfigureSandboxRequest, ConfigureSandboxRequest__Output as _a3s_guest_v1_ConfigureSandboxRequest__Output } from '../../../a3s/guest/v1/ConfigureSandboxRequest.ts';
import type { ConfigureSandboxResponse as _a3s_guest_v1_ConfigureSandboxResponse, ConfigureSandboxResponse__Output as _a3s_guest_v1_ConfigureSandboxResponse__Output } from '../../../a3s/guest/v1/ConfigureSandboxResponse.ts';
import type { CreateContainerRequest as _a3s_guest_v1_CreateContainerRequest, CreateContainerRequest__Output as _a3s_guest_v1_CreateContainerRequest__Output } from '../../../a3s/guest/v1/CreateContainerRequest.ts';
import type { CreateContainerResponse as _a3s_guest_v1_CreateContainerResponse, CreateContainerResponse__Output as _a3s_guest_v1_CreateContainerResponse__Output } from '../../../a3s/guest/v1/CreateContainerResponse.ts';
import type { Event as _a3s_guest_v1_Event, Event__Output as _a3s_guest_v1_Event__Output } from '../../../a3s/guest/v1/Event.ts';
import type { EventsRequest as _a3s_guest_v1_EventsRequest, EventsRequest__Output as _a3s_guest_v1_EventsRequest__Output } from '../../../a3s/guest/v1/EventsRequest.ts';
import type { HeartbeatRequest as _a3s_guest_v1_HeartbeatRequest, HeartbeatRequest__Output as _a3s_guest_v1_HeartbeatRequest__Output } from '../../../a3s/guest/v1/HeartbeatRequest.ts';
import type { HeartbeatResponse as _a3s_guest_v1_HeartbeatResponse, HeartbeatResponse__Output as _a3s_guest_v1_HeartbeatResponse__Output } from '../../../a3s/guest/v1/HeartbeatResponse.ts';
import type { MountImageRequest as _a3s_guest_v1_MountImageRequest, MountImageRequest__Output as _a3s_guest_v1_MountImageRequest__Output } from '../../../a3s/guest/v1/MountImageRequest.ts';
import type { MountImageResponse as _a3s_guest_v1_MountImageResponse, MountImageResponse__Output as _a3s_guest_v1_MountImageResponse__Output } from '../../../a3s/guest/v1/MountImageResponse.ts';
import type { RemoveContainerRequest as _a3s_guest_v1_RemoveContainerRequest, RemoveContainerRequest__Output as _a3s_guest_v1_RemoveContainerRequest__Output } from '../../../a3s/guest/v1/RemoveContainerRequest.ts';
import type { RemoveContainerResponse as _a3s_guest_v1_RemoveContainerResponse, RemoveContainerResponse__Output as _a3s_guest_v1_RemoveContainerResponse__Output } from '../../../a3s/guest/v1/RemoveContainerResponse.ts';
import type { ShutdownRequest as _a3s_guest_v1_ShutdownRequest, ShutdownRequest__Output as _a3s_guest_v1_ShutdownRequest__Output } from '../../../a3s/guest/v1/ShutdownRequest.ts';
import type { ShutdownResponse as _a3s_guest_v1_ShutdownResponse, ShutdownResponse__Output as _a3s_guest_v1_ShutdownResponse__Output } from '../../../a3s/guest/v1/ShutdownResponse.ts';
import type { SignalContainerRequest as _a3s_guest_v1_SignalContainerRequest, SignalContainerRequest__Output as _a3s_guest_v1_SignalContainerRequest__Output } from '../../../a3s/guest/v1/SignalContainerRequest.ts';
import type { SignalContainerResponse as _a3s_guest_v1_SignalContainerResponse, SignalContainerResponse__Output as _a3s_guest_v1_SignalContainerResponse__Output } from '../../../a3s/guest/v1/SignalContainerResponse.ts';
import type { StartContainerRequest as _a3s_guest_v1_StartContainerRequest, StartContainerRequest__Output as _a3s_guest_v1_StartContainerRequest__Output } from '../../../a3s/guest/v1/StartContainerRequest.ts';
import type { StartContainerResponse as _a3s_guest_v1_StartContainerResponse, StartContainerResponse__Output as _a3s_guest_v1_StartContainerResponse__Output } from '../../../a3s/guest/v1/StartContainerResponse.ts';
import type { StatsRequest as _a3s_guest_v1_StatsRequest, StatsRequest__Output as _a3s_guest_v1_StatsRequest__Output } from '../../../a3s/guest/v1/StatsRequest.ts';
import type { StatsResponse as _a3s_guest_v1_StatsResponse, StatsResponse__Output as _a3s_guest_v1_StatsResponse__Output } from '../../../a3s/guest/v1/StatsResponse.ts';
import type { UpdateContainerRequest as _a3s_guest_v1_UpdateContainerRequest, UpdateContainerRequest__Output as _a3s_guest_v1_UpdateContainerRequest__Output } from '../../../a3s/guest/v1/UpdateContainerRequest.ts';
import type { UpdateContainerResponse as _a3s_guest_v1_UpdateContainerResponse, UpdateContainerResponse__Output as _a3s_guest_v1_UpdateContainerResponse__Output } from '../../../a3s/guest/v1/UpdateContainerResponse.ts';

export interface ControlClient extends grpc.Client {
  ConfigureSandbox(argument: _a3s_guest_v1_ConfigureSandboxRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_ConfigureSandboxResponse__Output>): grpc.ClientUnaryCall;
  ConfigureSandbox(argument: _a3s_guest_v1_ConfigureSandboxRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_a3s_guest_v1_ConfigureSandboxResponse__Output>): grpc.ClientUnaryCall;
  ConfigureSandbox(argument: _a3s_guest_v1_ConfigureSandboxRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_ConfigureSandboxResponse__Output>): grpc.ClientUnaryCall;
  ConfigureSandbox(argument: _a3s_guest_v1_ConfigureSandboxRequest, callback: grpc.requestCallback<_a3s_guest_v1_ConfigureSandboxResponse__Output>): grpc.ClientUnaryCall;
  configureSandbox(argument: _a3s_guest_v1_ConfigureSandboxRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_ConfigureSandboxResponse__Output>): grpc.ClientUnaryCall;
  configureSandbox(argument: _a3s_guest_v1_ConfigureSandboxRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_a3s_guest_v1_ConfigureSandboxResponse__Output>): grpc.ClientUnaryCall;
  configureSandbox(argument: _a3s_guest_v1_ConfigureSandboxRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_ConfigureSandboxResponse__Output>): grpc.ClientUnaryCall;
  configureSandbox(argument: _a3s_guest_v1_ConfigureSandboxRequest, callback: grpc.requestCallback<_a3s_guest_v1_ConfigureSandboxResponse__Output>): grpc.ClientUnaryCall;
  
  CreateContainer(argument: _a3s_guest_v1_CreateContainerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_CreateContainerResponse__Output>): grpc.ClientUnaryCall;
  CreateContainer(argument: _a3s_guest_v1_CreateContainerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_a3s_guest_v1_CreateContainerResponse__Output>): grpc.ClientUnaryCall;
  CreateContainer(argument: _a3s_guest_v1_CreateContainerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_CreateContainerResponse__Output>): grpc.ClientUnaryCall;
  CreateContainer(argument: _a3s_guest_v1_CreateContainerRequest, callback: grpc.requestCallback<_a3s_guest_v1_CreateContainerResponse__Output>): grpc.ClientUnaryCall;
  createContainer(argument: _a3s_guest_v1_CreateContainerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_CreateContainerResponse__Output>): grpc.ClientUnaryCall;
  createContainer(argument: _a3s_guest_v1_CreateContainerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_a3s_guest_v1_CreateContainerResponse__Output>): grpc.ClientUnaryCall;
  createContainer(argument: _a3s_guest_v1_CreateContainerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_CreateContainerResponse__Output>): grpc.ClientUnaryCall;
  createContainer(argument: _a3s_guest_v1_CreateContainerRequest, callback: grpc.requestCallback<_a3s_guest_v1_CreateContainerResponse__Output>): grpc.ClientUnaryCall;
  
  Events(argument: _a3s_guest_v1_EventsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_a3s_guest_v1_Event__Output>;
  Events(argument: _a3s_guest_v1_EventsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_a3s_guest_v1_Event__Output>;
  events(argument: _a3s_guest_v1_EventsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_a3s_guest_v1_Event__Output>;
  events(argument: _a3s_guest_v1_EventsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_a3s_guest_v1_Event__Output>;
  
  Heartbeat(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_a3s_guest_v1_HeartbeatRequest, _a3s_guest_v1_HeartbeatResponse__Output>;
  Heartbeat(options?: grpc.CallOptions): grpc.ClientDuplexStream<_a3s_guest_v1_HeartbeatRequest, _a3s_guest_v1_HeartbeatResponse__Output>;
  heartbeat(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_a3s_guest_v1_HeartbeatRequest, _a3s_guest_v1_HeartbeatResponse__Output>;
  heartbeat(options?: grpc.CallOptions): grpc.ClientDuplexStream<_a3s_guest_v1_HeartbeatRequest, _a3s_guest_v1_HeartbeatResponse__Output>;
  
  MountImage(argument: _a3s_guest_v1_MountImageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_MountImageResponse__Output>): grpc.ClientUnaryCall;
  MountImage(argument: _a3s_guest_v1_MountImageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_a3s_guest_v1_MountImageResponse__Output>): grpc.ClientUnaryCall;
  MountImage(argument: _a3s_guest_v1_MountImageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_MountImageResponse__Output>): grpc.ClientUnaryCall;
  MountImage(argument: _a3s_guest_v1_MountImageRequest, callback: grpc.requestCallback<_a3s_guest_v1_MountImageResponse__Output>): grpc.ClientUnaryCall;
  mountImage(argument: _a3s_guest_v1_MountImageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_MountImageResponse__Output>): grpc.ClientUnaryCall;
  mountImage(argument: _a3s_guest_v1_MountImageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_a3s_guest_v1_MountImageResponse__Output>): grpc.ClientUnaryCall;
  mountImage(argument: _a3s_guest_v1_MountImageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_MountImageResponse__Output>): grpc.ClientUnaryCall;
  mountImage(argument: _a3s_guest_v1_MountImageRequest, callback: grpc.requestCallback<_a3s_guest_v1_MountImageResponse__Output>): grpc.ClientUnaryCall;
  
  RemoveContainer(argument: _a3s_guest_v1_RemoveContainerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_RemoveContainerResponse__Output>): grpc.ClientUnaryCall;
  RemoveContainer(argument: _a3s_guest_v1_RemoveContainerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_a3s_guest_v1_RemoveContainerResponse__Output>): grpc.ClientUnaryCall;
  RemoveContainer(argument: _a3s_guest_v1_RemoveContainerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_RemoveContainerResponse__Output>): grpc.ClientUnaryCall;
  RemoveContainer(argument: _a3s_guest_v1_RemoveContainerRequest, callback: grpc.requestCallback<_a3s_guest_v1_RemoveContainerResponse__Output>): grpc.ClientUnaryCall;
  removeContainer(argument: _a3s_guest_v1_RemoveContainerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_RemoveContainerResponse__Output>): grpc.ClientUnaryCall;
  removeContainer(argument: _a3s_guest_v1_RemoveContainerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_a3s_guest_v1_RemoveContainerResponse__Output>): grpc.ClientUnaryCall;
  removeContainer(argument: _a3s_guest_v1_RemoveContainerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_RemoveContainerResponse__Output>): grpc.ClientUnaryCall;
  removeContainer(argument: _a3s_guest_v1_RemoveContainerRequest, callback: grpc.requestCallback<_a3s_guest_v1_RemoveContainerResponse__Output>): grpc.ClientUnaryCall;
  
  Shutdown(argument: _a3s_guest_v1_ShutdownRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_ShutdownResponse__Output>): grpc.ClientUnaryCall;
  Shutdown(argument: _a3s_guest_v1_ShutdownRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_a3s_guest_v1_ShutdownResponse__Output>): grpc.ClientUnaryCall;
  Shutdown(argument: _a3s_guest_v1_ShutdownRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_ShutdownResponse__Output>): grpc.ClientUnaryCall;
  Shutdown(argument: _a3s_guest_v1_ShutdownRequest, callback: grpc.requestCallback<_a3s_guest_v1_ShutdownResponse__Output>): grpc.ClientUnaryCall;
  shutdown(argument: _a3s_guest_v1_ShutdownRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_ShutdownResponse__Output>): grpc.ClientUnaryCall;
  shutdown(argument: _a3s_guest_v1_ShutdownRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_a3s_guest_v1_ShutdownResponse__Output>): grpc.ClientUnaryCall;
  shutdown(argument: _a3s_guest_v1_ShutdownRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_ShutdownResponse__Output>): grpc.ClientUnaryCall;
  shutdown(argument: _a3s_guest_v1_ShutdownRequest, callback: grpc.requestCallback<_a3s_guest_v1_ShutdownResponse__Output>): grpc.ClientUnaryCall;
  
  SignalContainer(argument: _a3s_guest_v1_SignalContainerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_SignalContainerResponse__Output>): grpc.ClientUnaryCall;
  SignalContainer(argument: _a3s_guest_v1_SignalContainerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_a3s_guest_v1_SignalContainerResponse__Output>): grpc.ClientUnaryCall;
  SignalContainer(argument: _a3s_guest_v1_SignalContainerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_SignalContainerResponse__Output>): grpc.ClientUnaryCall;
  SignalContainer(argument: _a3s_guest_v1_SignalContainerRequest, callback: grpc.requestCallback<_a3s_guest_v1_SignalContainerResponse__Output>): grpc.ClientUnaryCall;
  signalContainer(argument: _a3s_guest_v1_SignalContainerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_SignalContainerResponse__Output>): grpc.ClientUnaryCall;
  signalContainer(argument: _a3s_guest_v1_SignalContainerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_a3s_guest_v1_SignalContainerResponse__Output>): grpc.ClientUnaryCall;
  signalContainer(argument: _a3s_guest_v1_SignalContainerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_SignalContainerResponse__Output>): grpc.ClientUnaryCall;
  signalContainer(argument: _a3s_guest_v1_SignalContainerRequest, callback: grpc.requestCallback<_a3s_guest_v1_SignalContainerResponse__Output>): grpc.ClientUnaryCall;
  
  StartContainer(argument: _a3s_guest_v1_StartContainerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_StartContainerResponse__Output>): grpc.ClientUnaryCall;
  StartContainer(argument: _a3s_guest_v1_StartContainerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_a3s_guest_v1_StartContainerResponse__Output>): grpc.ClientUnaryCall;
  StartContainer(argument: _a3s_guest_v1_StartContainerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_StartContainerResponse__Output>): grpc.ClientUnaryCall;
  StartContainer(argument: _a3s_guest_v1_StartContainerRequest, callback: grpc.requestCallback<_a3s_guest_v1_StartContainerResponse__Output>): grpc.ClientUnaryCall;
  startContainer(argument: _a3s_guest_v1_StartContainerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_StartContainerResponse__Output>): grpc.ClientUnaryCall;
  startContainer(argument: _a3s_guest_v1_StartContainerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_a3s_guest_v1_StartContainerResponse__Output>): grpc.ClientUnaryCall;
  startContainer(argument: _a3s_guest_v1_StartContainerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_StartContainerResponse__Output>): grpc.ClientUnaryCall;
  startContainer(argument: _a3s_guest_v1_StartContainerRequest, callback: grpc.requestCallback<_a3s_guest_v1_StartContainerResponse__Output>): grpc.ClientUnaryCall;
  
  Stats(argument: _a3s_guest_v1_StatsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_StatsResponse__Output>): grpc.ClientUnaryCall;
  Stats(argument: _a3s_guest_v1_StatsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_a3s_guest_v1_StatsResponse__Output>): grpc.ClientUnaryCall;
  Stats(argument: _a3s_guest_v1_StatsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_StatsResponse__Output>): grpc.ClientUnaryCall;
  Stats(argument: _a3s_guest_v1_StatsRequest, callback: grpc.requestCallback<_a3s_guest_v1_StatsResponse__Output>): grpc.ClientUnaryCall;
  stats(argument: _a3s_guest_v1_StatsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_StatsResponse__Output>): grpc.ClientUnaryCall;
  stats(argument: _a3s_guest_v1_StatsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_a3s_guest_v1_StatsResponse__Output>): grpc.ClientUnaryCall;
  stats(argument: _a3s_guest_v1_StatsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_StatsResponse__Output>): grpc.ClientUnaryCall;
  stats(argument: _a3s_guest_v1_StatsRequest, callback: grpc.requestCallback<_a3s_guest_v1_StatsResponse__Output>): grpc.ClientUnaryCall;
  
  UpdateContainer(argument: _a3s_guest_v1_UpdateContainerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_UpdateContainerResponse__Output>): grpc.ClientUnaryCall;
  UpdateContainer(argument: _a3s_guest_v1_UpdateContainerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_a3s_guest_v1_UpdateContainerResponse__Output>): grpc.ClientUnaryCall;
  UpdateContainer(argument: _a3s_guest_v1_UpdateContainerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_UpdateContainerResponse__Output>): grpc.ClientUnaryCall;
  UpdateContainer(argument: _a3s_guest_v1_UpdateContainerRequest, callback: grpc.requestCallback<_a3s_guest_v1_UpdateContainerResponse__Output>): grpc.ClientUnaryCall;
  updateContainer(argument: _a3s_guest_v1_UpdateContainerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_UpdateContainerResponse__Output>): grpc.ClientUnaryCall;
  updateContainer(argument: _a3s_guest_v1_UpdateContainerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_a3s_guest_v1_UpdateContainerResponse__Output>): grpc.ClientUnaryCall;
  updateContainer(argument: _a3s_guest_v1_UpdateContainerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_a3s_guest_v1_UpdateContainerResponse__Output>): grpc.ClientUnaryCall;
  updateContainer(argument: _a3s_guest_v1_UpdateContainerRequest, callback: grpc.requestCallback<_a3s_guest_v1_UpdateContainerResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface ControlHandlers extends grpc.UntypedServiceImplementation {
  ConfigureSandbox: grpc.handleUnaryCall<_a3s_guest_v1_ConfigureSandboxRequest__Output, _a3s_guest_v1_ConfigureSandboxResponse>;
  
  CreateContainer: grpc.handleUnaryCall<_a3s_guest_v1_CreateContainerRequest__Output, _a3s_guest_v1_CreateContainerResponse>;
  
  Events: grpc.handleServerStreamingCall<_a3s_guest_v1_EventsRequest__Output, _a3s_guest_v1_Event>;
  
  Heartbeat: grpc.handleBidiStreamingCall<_a3s_guest_v1_HeartbeatRequest__Output, _a3s_guest_v1_HeartbeatResponse>;
  
  MountImage: grpc.handleUnaryCall<_a3s_guest_v1_MountImageRequest__Output, _a3s_guest_v1_MountImageResponse>;
  
  RemoveContainer: grpc.handleUnaryCall<_a3s_guest_v1_RemoveContainerRequest__Output, _a3s_guest_v1_RemoveContainerResponse>;
  
  Shutdown: grpc.handleUnaryCall<_a3s_guest_v1_ShutdownRequest__Output, _a3s_guest_v1_ShutdownResponse>;
  
  SignalContainer: grpc.handleUnaryCall<_a3s_guest_v1_SignalContainerRequest__Output, _a3s_guest_v1_SignalContainerResponse>;
  
  StartContainer: grpc.handleUnaryCall<_a3s_guest_v1_StartContainerRequest__Output, _a3s_guest_v1_StartContainerResponse>;
  
  Stats: grpc.handleUnaryCall<_a3s_guest_v1_StatsRequest__Output, _a3s_guest_v1_StatsResponse>;
  
  UpdateContainer: grpc.handleUnaryCall<_a3s_guest_v1_UpdateContainerRequest__Output, _a3s_guest_v1_UpdateContainerResponse>;
  
}

export interface ControlDefinition extends grpc.ServiceDefinition {
  ConfigureSandbox: MethodDefinition<_a3s_guest_v1_ConfigureSandboxRequest, _a3s_guest_v1_ConfigureSandboxResponse, _a3s_guest_v1_ConfigureSandboxRequest__Output, _a3s_guest_v1_ConfigureSandboxResponse__Output>
  CreateContainer: MethodDefinition<_a3s_guest_v1_CreateContainerRequest, _a3s_guest_v1_CreateContainerResponse, _a3s_guest_v1_CreateContainerRequest__Output, _a3s_guest_v1_CreateContainerResponse__Output>
  Events: MethodDefinition<_a3s_guest_v1_EventsRequest, _a3s_guest_v1_Event, _a3s_guest_v1_EventsRequest__Output, _a3s_guest_v1_Event__Output>
  Heartbeat: MethodDefinition<_a3s_guest_v1_HeartbeatRequest, _a3s_guest_v1_HeartbeatResponse, _a3s_guest_v1_HeartbeatRequest__Output, _a3s_guest_v1_HeartbeatResponse__Output>
  MountImage: MethodDefinition<_a3s_guest_v1_MountImageRequest, _a3s_guest_v1_MountImageResponse, _a3s_guest_v1_MountImageRequest__Output, _a3s_guest_v1_MountImageResponse__Output>
  RemoveContainer: MethodDefinition<_a3s_guest_v1_RemoveContainerRequest, _a3s_guest_v1_RemoveContainerResponse, _a3s_guest_v1_RemoveContainerRequest__Output, _a3s_guest_v1_RemoveContainerResponse__Output>
  Shutdown: MethodDefinition<_a3s_guest_v1_ShutdownRequest, _a3s_guest_v1_ShutdownResponse, _a3s_guest_v1_ShutdownRequest__Output, _a3s_guest_v1_ShutdownResponse__Output>
  SignalContainer: MethodDefinition<_a3s_guest_v1_SignalContainerRequest, _a3s_guest_v1_SignalContainerResponse, _a3s_guest_v1_SignalContainerRequest__Output, _a3s_guest_v1_SignalContainerResponse__Output>
  StartContainer: MethodDefinition<_a3s_guest_v1_StartContainerRequest, _a3s_guest_v1_StartContainerResponse, _a3s_guest_v1_StartContainerRequest__Output, _a3s_guest_v1_StartContainerResponse__Output>
  Stats: MethodDefinition<_a3s_guest_v1_StatsRequest, _a3s_guest_v1_StatsResponse, _a3s_guest_v1_StatsRequest__Output, _a3s_guest_v1_StatsResponse__Output>
  UpdateContainer: MethodDefinition<_a3s_guest_v1_UpdateContainerRequest, _a3s_guest_v1_UpdateContainerResponse, _a3s_guest_v1_UpdateContainerRequest__Output, _a3s_guest_v1_UpdateContainerResponse__Output>
}
