/** The runtime handlers this daemon serves: "" is kubelet's default, the other one is the RuntimeClass's. */
export const RUNTIME_HANDLERS: readonly string[] = ['', 'a3s-box'];
