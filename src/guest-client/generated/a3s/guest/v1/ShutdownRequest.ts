// Original file: proto/guest/v1/guest.proto


export interface ShutdownRequest {
}

export interface ShutdownRequest__Output {
}
