import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { AttachStart as _a3s_guest_v1_AttachStart, AttachStart__Output as _a3s_guest_v1_AttachStart__Output } from './a3s/guest/v1/AttachStart.ts';
import type { CloseStdin as _a3s_guest_v1_CloseStdin, CloseStdin__Output as _a3s_guest_v1_CloseStdin__Output } from './a3s/guest/v1/CloseStdin.ts';
import type { ConfigureSandboxRequest as _a3s_guest_v1_ConfigureSandboxRequest, ConfigureSandboxRequest__Output as _a3s_guest_v1_ConfigureSandboxRequest__Output } from './a3s/guest/v1/ConfigureSandboxRequest.ts';
import type { ConfigureSandboxResponse as _a3s_guest_v1_ConfigureSandboxResponse, ConfigureSandboxResponse__Output as _a3s_guest_v1_ConfigureSandboxResponse__Output } from './a3s/guest/v1/ConfigureSandboxResponse.ts';
import type { ContainerInfo as _a3s_guest_v1_ContainerInfo, ContainerInfo__Output as _a3s_guest_v1_ContainerInfo__Output } from './a3s/guest/v1/ContainerInfo.ts';
import type { ContainerUsage as _a3s_guest_v1_ContainerUsage, ContainerUsage__Output as _a3s_guest_v1_ContainerUsage__Output } from './a3s/guest/v1/ContainerUsage.ts';
import type { ControlClient as _a3s_guest_v1_ControlClient, ControlDefinition as _a3s_guest_v1_ControlDefinition } from './a3s/guest/v1/Control.ts';
import type { CpuUsage as _a3s_guest_v1_CpuUsage, CpuUsage__Output as _a3s_guest_v1_CpuUsage__Output } from './a3s/guest/v1/CpuUsage.ts';
import type { CreateContainerRequest as _a3s_guest_v1_CreateContainerRequest, CreateContainerRequest__Output as _a3s_guest_v1_CreateContainerRequest__Output } from './a3s/guest/v1/CreateContainerRequest.ts';
import type { CreateContainerResponse as _a3s_guest_v1_CreateContainerResponse, CreateContainerResponse__Output as _a3s_guest_v1_CreateContainerResponse__Output } from './a3s/guest/v1/CreateContainerResponse.ts';
import type { DeviceIo as _a3s_guest_v1_DeviceIo, DeviceIo__Output as _a3s_guest_v1_DeviceIo__Output } from './a3s/guest/v1/DeviceIo.ts';
import type { Event as _a3s_guest_v1_Event, Event__Output as _a3s_guest_v1_Event__Output } from './a3s/guest/v1/Event.ts';
import type { EventsRequest as _a3s_guest_v1_EventsRequest, EventsRequest__Output as _a3s_guest_v1_EventsRequest__Output } from './a3s/guest/v1/EventsRequest.ts';
import type { ExecClient as _a3s_guest_v1_ExecClient, ExecDefinition as _a3s_guest_v1_ExecDefinition } from './a3s/guest/v1/Exec.ts';
import type { Exited as _a3s_guest_v1_Exited, Exited__Output as _a3s_guest_v1_Exited__Output } from './a3s/guest/v1/Exited.ts';
import type { ForwardEnd as _a3s_guest_v1_ForwardEnd, ForwardEnd__Output as _a3s_guest_v1_ForwardEnd__Output } from './a3s/guest/v1/ForwardEnd.ts';
import type { ForwardRequest as _a3s_guest_v1_ForwardRequest, ForwardRequest__Output as _a3s_guest_v1_ForwardRequest__Output } from './a3s/guest/v1/ForwardRequest.ts';
import type { ForwardResponse as _a3s_guest_v1_ForwardResponse, ForwardResponse__Output as _a3s_guest_v1_ForwardResponse__Output } from './a3s/guest/v1/ForwardResponse.ts';
import type { HeartbeatRequest as _a3s_guest_v1_HeartbeatRequest, HeartbeatRequest__Output as _a3s_guest_v1_HeartbeatRequest__Output } from './a3s/guest/v1/HeartbeatRequest.ts';
import type { HeartbeatResponse as _a3s_guest_v1_HeartbeatResponse, HeartbeatResponse__Output as _a3s_guest_v1_HeartbeatResponse__Output } from './a3s/guest/v1/HeartbeatResponse.ts';
import type { HugePages as _a3s_guest_v1_HugePages, HugePages__Output as _a3s_guest_v1_HugePages__Output } from './a3s/guest/v1/HugePages.ts';
import type { Layer as _a3s_guest_v1_Layer, Layer__Output as _a3s_guest_v1_Layer__Output } from './a3s/guest/v1/Layer.ts';
import type { LogChunk as _a3s_guest_v1_LogChunk, LogChunk__Output as _a3s_guest_v1_LogChunk__Output } from './a3s/guest/v1/LogChunk.ts';
import type { LogsAck as _a3s_guest_v1_LogsAck, LogsAck__Output as _a3s_guest_v1_LogsAck__Output } from './a3s/guest/v1/LogsAck.ts';
import type { LogsEnd as _a3s_guest_v1_LogsEnd, LogsEnd__Output as _a3s_guest_v1_LogsEnd__Output } from './a3s/guest/v1/LogsEnd.ts';
import type { LogsOpen as _a3s_guest_v1_LogsOpen, LogsOpen__Output as _a3s_guest_v1_LogsOpen__Output } from './a3s/guest/v1/LogsOpen.ts';
import type { LogsRequest as _a3s_guest_v1_LogsRequest, LogsRequest__Output as _a3s_guest_v1_LogsRequest__Output } from './a3s/guest/v1/LogsRequest.ts';
import type { LogsResponse as _a3s_guest_v1_LogsResponse, LogsResponse__Output as _a3s_guest_v1_LogsResponse__Output } from './a3s/guest/v1/LogsResponse.ts';
import type { MemoryUsage as _a3s_guest_v1_MemoryUsage, MemoryUsage__Output as _a3s_guest_v1_MemoryUsage__Output } from './a3s/guest/v1/MemoryUsage.ts';
import type { MountImageRequest as _a3s_guest_v1_MountImageRequest, MountImageRequest__Output as _a3s_guest_v1_MountImageRequest__Output } from './a3s/guest/v1/MountImageRequest.ts';
import type { MountImageResponse as _a3s_guest_v1_MountImageResponse, MountImageResponse__Output as _a3s_guest_v1_MountImageResponse__Output } from './a3s/guest/v1/MountImageResponse.ts';
import type { Neighbour as _a3s_guest_v1_Neighbour, Neighbour__Output as _a3s_guest_v1_Neighbour__Output } from './a3s/guest/v1/Neighbour.ts';
import type { NetworkInterface as _a3s_guest_v1_NetworkInterface, NetworkInterface__Output as _a3s_guest_v1_NetworkInterface__Output } from './a3s/guest/v1/NetworkInterface.ts';
import type { OutputTaken as _a3s_guest_v1_OutputTaken, OutputTaken__Output as _a3s_guest_v1_OutputTaken__Output } from './a3s/guest/v1/OutputTaken.ts';
import type { Pressure as _a3s_guest_v1_Pressure, Pressure__Output as _a3s_guest_v1_Pressure__Output } from './a3s/guest/v1/Pressure.ts';
import type { PressureLine as _a3s_guest_v1_PressureLine, PressureLine__Output as _a3s_guest_v1_PressureLine__Output } from './a3s/guest/v1/PressureLine.ts';
import type { ProcessDetails as _a3s_guest_v1_ProcessDetails, ProcessDetails__Output as _a3s_guest_v1_ProcessDetails__Output } from './a3s/guest/v1/ProcessDetails.ts';
import type { RemoveContainerRequest as _a3s_guest_v1_RemoveContainerRequest, RemoveContainerRequest__Output as _a3s_guest_v1_RemoveContainerRequest__Output } from './a3s/guest/v1/RemoveContainerRequest.ts';
import type { RemoveContainerResponse as _a3s_guest_v1_RemoveContainerResponse, RemoveContainerResponse__Output as _a3s_guest_v1_RemoveContainerResponse__Output } from './a3s/guest/v1/RemoveContainerResponse.ts';
import type { Route as _a3s_guest_v1_Route, Route__Output as _a3s_guest_v1_Route__Output } from './a3s/guest/v1/Route.ts';
import type { RunExited as _a3s_guest_v1_RunExited, RunExited__Output as _a3s_guest_v1_RunExited__Output } from './a3s/guest/v1/RunExited.ts';
import type { RunRequest as _a3s_guest_v1_RunRequest, RunRequest__Output as _a3s_guest_v1_RunRequest__Output } from './a3s/guest/v1/RunRequest.ts';
import type { RunResponse as _a3s_guest_v1_RunResponse, RunResponse__Output as _a3s_guest_v1_RunResponse__Output } from './a3s/guest/v1/RunResponse.ts';
import type { RunStart as _a3s_guest_v1_RunStart, RunStart__Output as _a3s_guest_v1_RunStart__Output } from './a3s/guest/v1/RunStart.ts';
import type { SeccompFilter as _a3s_guest_v1_SeccompFilter, SeccompFilter__Output as _a3s_guest_v1_SeccompFilter__Output } from './a3s/guest/v1/SeccompFilter.ts';
import type { ShutdownRequest as _a3s_guest_v1_ShutdownRequest, ShutdownRequest__Output as _a3s_guest_v1_ShutdownRequest__Output } from './a3s/guest/v1/ShutdownRequest.ts';
import type { ShutdownResponse as _a3s_guest_v1_ShutdownResponse, ShutdownResponse__Output as _a3s_guest_v1_ShutdownResponse__Output } from './a3s/guest/v1/ShutdownResponse.ts';
import type { SignalContainerRequest as _a3s_guest_v1_SignalContainerRequest, SignalContainerRequest__Output as _a3s_guest_v1_SignalContainerRequest__Output } from './a3s/guest/v1/SignalContainerRequest.ts';
import type { SignalContainerResponse as _a3s_guest_v1_SignalContainerResponse, SignalContainerResponse__Output as _a3s_guest_v1_SignalContainerResponse__Output } from './a3s/guest/v1/SignalContainerResponse.ts';
import type { Snapshot as _a3s_guest_v1_Snapshot, Snapshot__Output as _a3s_guest_v1_Snapshot__Output } from './a3s/guest/v1/Snapshot.ts';
import type { StartContainerRequest as _a3s_guest_v1_StartContainerRequest, StartContainerRequest__Output as _a3s_guest_v1_StartContainerRequest__Output } from './a3s/guest/v1/StartContainerRequest.ts';
import type { StartContainerResponse as _a3s_guest_v1_StartContainerResponse, StartContainerResponse__Output as _a3s_guest_v1_StartContainerResponse__Output } from './a3s/guest/v1/StartContainerResponse.ts';
import type { StatsRequest as _a3s_guest_v1_StatsRequest, StatsRequest__Output as _a3s_guest_v1_StatsRequest__Output } from './a3s/guest/v1/StatsRequest.ts';
import type { StatsResponse as _a3s_guest_v1_StatsResponse, StatsResponse__Output as _a3s_guest_v1_StatsResponse__Output } from './a3s/guest/v1/StatsResponse.ts';
import type { TerminalSize as _a3s_guest_v1_TerminalSize, TerminalSize__Output as _a3s_guest_v1_TerminalSize__Output } from './a3s/guest/v1/TerminalSize.ts';
import type { UpdateContainerRequest as _a3s_guest_v1_UpdateContainerRequest, UpdateContainerRequest__Output as _a3s_guest_v1_UpdateContainerRequest__Output } from './a3s/guest/v1/UpdateContainerRequest.ts';
import type { UpdateContainerResponse as _a3s_guest_v1_UpdateContainerResponse, UpdateContainerResponse__Output as _a3s_guest_v1_UpdateContainerResponse__Output } from './a3s/guest/v1/UpdateContainerResponse.ts';
import type { Usage as _a3s_guest_v1_Usage, Usage__Output as _a3s_guest_v1_Usage__Output } from './a3s/guest/v1/Usage.ts';
import type { WritableLayer as _a3s_guest_v1_WritableLayer, WritableLayer__Output as _a3s_guest_v1_WritableLayer__Output } from './a3s/guest/v1/WritableLayer.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  a3s: {
    guest: {
      v1: {
        AttachStart: MessageTypeDefinition<_a3s_guest_v1_AttachStart, _a3s_guest_v1_AttachStart__Output>
        CloseStdin: MessageTypeDefinition<_a3s_guest_v1_CloseStdin, _a3s_guest_v1_CloseStdin__Output>
        ConfigureSandboxRequest: MessageTypeDefinition<_a3s_guest_v1_ConfigureSandboxRequest, _a3s_guest_v1_ConfigureSandboxRequest__Output>
        ConfigureSandboxResponse: MessageTypeDefinition<_a3s_guest_v1_ConfigureSandboxResponse, _a3s_guest_v1_ConfigureSandboxResponse__Output>
        ContainerInfo: MessageTypeDefinition<_a3s_guest_v1_ContainerInfo, _a3s_guest_v1_ContainerInfo__Output>
        ContainerUsage: MessageTypeDefinition<_a3s_guest_v1_ContainerUsage, _a3s_guest_v1_ContainerUsage__Output>
        Control: SubtypeConstructor<typeof grpc.Client, _a3s_guest_v1_ControlClient> & { service: _a3s_guest_v1_ControlDefinition }
        CpuUsage: MessageTypeDefinition<_a3s_guest_v1_CpuUsage, _a3s_guest_v1_CpuUsage__Output>
        CreateContainerRequest: MessageTypeDefinition<_a3s_guest_v1_CreateContainerRequest, _a3s_guest_v1_CreateContainerRequest__Output>
        CreateContainerResponse: MessageTypeDefinition<_a3s_guest_v1_CreateContainerResponse, _a3s_guest_v1_CreateContainerResponse__Output>
        DeviceIo: MessageTypeDefinition<_a3s_guest_v1_DeviceIo, _a3s_guest_v1_DeviceIo__Output>
        Event: MessageTypeDefinition<_a3s_guest_v1_Event, _a3s_guest_v1_Event__Output>
        EventsRequest: MessageTypeDefinition<_a3s_guest_v1_EventsRequest, _a3s_guest_v1_EventsRequest__Output>
        Exec: SubtypeConstructor<typeof grpc.Client, _a3s_guest_v1_ExecClient> & { service: _a3s_guest_v1_ExecDefinition }
        Exited: MessageTypeDefinition<_a3s_guest_v1_Exited, _a3s_guest_v1_Exited__Output>
        ForwardEnd: MessageTypeDefinition<_a3s_guest_v1_ForwardEnd, _a3s_guest_v1_ForwardEnd__Output>
        ForwardRequest: MessageTypeDefinition<_a3s_guest_v1_ForwardRequest, _a3s_guest_v1_ForwardRequest__Output>
        ForwardResponse: MessageTypeDefinition<_a3s_guest_v1_ForwardResponse, _a3s_guest_v1_ForwardResponse__Output>
        HeartbeatRequest: MessageTypeDefinition<_a3s_guest_v1_HeartbeatRequest, _a3s_guest_v1_HeartbeatRequest__Output>
        HeartbeatResponse: MessageTypeDefinition<_a3s_guest_v1_HeartbeatResponse, _a3s_guest_v1_HeartbeatResponse__Output>
        HugePages: MessageTypeDefinition<_a3s_guest_v1_HugePages, _a3s_guest_v1_HugePages__Output>
        Layer: MessageTypeDefinition<_a3s_guest_v1_Layer, _a3s_guest_v1_Layer__Output>
        LogChunk: MessageTypeDefinition<_a3s_guest_v1_LogChunk, _a3s_guest_v1_LogChunk__Output>
        LogsAck: MessageTypeDefinition<_a3s_guest_v1_LogsAck, _a3s_guest_v1_LogsAck__Output>
        LogsEnd: MessageTypeDefinition<_a3s_guest_v1_LogsEnd, _a3s_guest_v1_LogsEnd__Output>
        LogsOpen: MessageTypeDefinition<_a3s_guest_v1_LogsOpen, _a3s_guest_v1_LogsOpen__Output>
        LogsRequest: MessageTypeDefinition<_a3s_guest_v1_LogsRequest, _a3s_guest_v1_LogsRequest__Output>
        LogsResponse: MessageTypeDefinition<_a3s_guest_v1_LogsResponse, _a3s_guest_v1_LogsResponse__Output>
        MemoryUsage: MessageTypeDefinition<_a3s_guest_v1_MemoryUsage, _a3s_guest_v1_MemoryUsage__Output>
        MountImageRequest: MessageTypeDefinition<_a3s_guest_v1_MountImageRequest, _a3s_guest_v1_MountImageRequest__Output>
        MountImageResponse: MessageTypeDefinition<_a3s_guest_v1_MountImageResponse, _a3s_guest_v1_MountImageResponse__Output>
        Neighbour: MessageTypeDefinition<_a3s_guest_v1_Neighbour, _a3s_guest_v1_Neighbour__Output>
        NetworkInterface: MessageTypeDefinition<_a3s_guest_v1_NetworkInterface, _a3s_guest_v1_NetworkInterface__Output>
        OutputTaken: MessageTypeDefinition<_a3s_guest_v1_OutputTaken, _a3s_guest_v1_OutputTaken__Output>
        Pressure: MessageTypeDefinition<_a3s_guest_v1_Pressure, _a3s_guest_v1_Pressure__Output>
        PressureLine: MessageTypeDefinition<_a3s_guest_v1_PressureLine, _a3s_guest_v1_PressureLine__Output>
        ProcessDetails: MessageTypeDefinition<_a3s_guest_v1_ProcessDetails, _a3s_guest_v1_ProcessDetails__Output>
        RemoveContainerRequest: MessageTypeDefinition<_a3s_guest_v1_RemoveContainerRequest, _a3s_guest_v1_RemoveContainerRequest__Output>
        RemoveContainerResponse: MessageTypeDefinition<_a3s_guest_v1_RemoveContainerResponse, _a3s_guest_v1_RemoveContainerResponse__Output>
        Route: MessageTypeDefinition<_a3s_guest_v1_Route, _a3s_guest_v1_Route__Output>
        RunExited: MessageTypeDefinition<_a3s_guest_v1_RunExited, _a3s_guest_v1_RunExited__Output>
        RunRequest: MessageTypeDefinition<_a3s_guest_v1_RunRequest, _a3s_guest_v1_RunRequest__Output>
        RunResponse: MessageTypeDefinition<_a3s_guest_v1_RunResponse, _a3s_guest_v1_RunResponse__Output>
        RunStart: MessageTypeDefinition<_a3s_guest_v1_RunStart, _a3s_guest_v1_RunStart__Output>
        SeccompFilter: MessageTypeDefinition<_a3s_guest_v1_SeccompFilter, _a3s_guest_v1_SeccompFilter__Output>
        ShutdownRequest: MessageTypeDefinition<_a3s_guest_v1_ShutdownRequest, _a3s_guest_v1_ShutdownRequest__Output>
        ShutdownResponse: MessageTypeDefinition<_a3s_guest_v1_ShutdownResponse, _a3s_guest_v1_ShutdownResponse__Output>
        SignalContainerRequest: MessageTypeDefinition<_a3s_guest_v1_SignalContainerRequest, _a3s_guest_v1_SignalContainerRequest__Output>
        SignalContainerResponse: MessageTypeDefinition<_a3s_guest_v1_SignalContainerResponse, _a3s_guest_v1_SignalContainerResponse__Output>
        Snapshot: MessageTypeDefinition<_a3s_guest_v1_Snapshot, _a3s_guest_v1_Snapshot__Output>
        StartContainerRequest: MessageTypeDefinition<_a3s_guest_v1_StartContainerRequest, _a3s_guest_v1_StartContainerRequest__Output>
        StartContainerResponse: MessageTypeDefinition<_a3s_guest_v1_StartContainerResponse, _a3s_guest_v1_StartContainerResponse__Output>
        StatsRequest: MessageTypeDefinition<_a3s_guest_v1_StatsRequest, _a3s_guest_v1_StatsRequest__Output>
        StatsResponse: MessageTypeDefinition<_a3s_guest_v1_StatsResponse, _a3s_guest_v1_StatsResponse__Output>
        TerminalSize: MessageTypeDefinition<_a3s_guest_v1_TerminalSize, _a3s_guest_v1_TerminalSize__Output>
        UpdateContainerRequest: MessageTypeDefinition<_a3s_guest_v1_UpdateContainerRequest, _a3s_guest_v1_UpdateContainerRequest__Output>
        UpdateContainerResponse: MessageTypeDefinition<_a3s_guest_v1_UpdateContainerResponse, _a3s_guest_v1_UpdateContainerResponse__Output>
        Usage: MessageTypeDefinition<_a3s_guest_v1_Usage, _a3s_guest_v1_Usage__Output>
        WritableLayer: MessageTypeDefinition<_a3s_guest_v1_WritableLayer, _a3s_guest_v1_WritableLayer__Output>
      }
    }
  }
}

