// Original file: proto/guest/v1/guest.proto


export interface UpdateContainerResponse {
}

export interface UpdateContainerResponse__Output {
}
