// Original file: proto/guest/v1/guest.proto


export interface MountImageResponse {
}

export interface MountImageResponse__Output {
}
