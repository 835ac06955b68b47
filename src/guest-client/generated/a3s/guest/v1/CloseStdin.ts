// Original file: proto/guest/v1/guest.proto


export interface CloseStdin {
}

export interface CloseStdin__Output {
}
