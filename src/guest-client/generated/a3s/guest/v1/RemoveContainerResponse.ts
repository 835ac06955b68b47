// Original file: proto/guest/v1/guest.proto


export interface RemoveContainerResponse {
}

export interface RemoveContainerResponse__Output {
}
