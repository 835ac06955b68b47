// Original file: proto/guest/v1/guest.proto


export interface ForwardEnd {
}

export interface ForwardEnd__Output {
}
