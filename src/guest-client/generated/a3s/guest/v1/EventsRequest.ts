// Original file: proto/guest/v1/guest.proto


export interface EventsRequest {
}

export interface EventsRequest__Output {
}
