// Original file: proto/guest/v1/guest.proto


export interface SignalContainerResponse {
}

export interface SignalContainerResponse__Output {
}
