// Original file: proto/guest/v1/guest.proto


export interface ShutdownResponse {
}

export interface ShutdownResponse__Output {
}
