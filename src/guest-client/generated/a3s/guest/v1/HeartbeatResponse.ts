// Original file: proto/guest/v1/guest.proto


export interface HeartbeatResponse {
}

export interface HeartbeatResponse__Output {
}
