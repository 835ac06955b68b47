/** libkrun's C API (libkrun.h 1.19), as far as a pod's VM needs it. Negative results are errnos. */
import { bind } from './native.ts';

/** Disk format and sync mode of krun_add_disk3. */
export const DISK_FORMAT_RAW = 0;
export const SYNC_RELAXED = 1;

/** krun_init_log: only errors, no colours, RUST_LOG ignored. */
export const LOG_ERROR = 1;
export const LOG_STYLE_NEVER = 2;
export const LOG_NO_ENV = 1;

/** virtio-net features as libkrun names them: checksum and TSO4/6 offloads in both directions (facts: 0x1983). */
export const NET_OFFLOADS = 0x1983;

export const initLog = bind('krun_init_log', ['i32', 'u32', 'u32', 'u32']);
/** 1: yes, 0: no, negative: unknown feature. */
export const hasFeature = bind('krun_has_feature', ['u64']);
export const createCtx = bind('krun_create_ctx', []);
export const setVmConfig = bind('krun_set_vm_config', ['u32', 'u8', 'u32']);
export const disableImplicitConsole = bind('krun_disable_implicit_console', ['u32']);
export const disableImplicitVsock = bind('krun_disable_implicit_vsock', ['u32']);
export const disableImplicitInit = bind('krun_disable_implicit_init', ['u32']);
export const setConsoleOutput = bind('krun_set_console_output', ['u32', 'string']);
/** ctx, tag, path, DAX window (0: none), read-only. */
export const addVirtiofs = bind('krun_add_virtiofs3', ['u32', 'string', 'string', 'u64', 'bool']);
/** ctx, tag, path, data, length, mode, one-shot. The data is not copied: it must outlive the VM. */
export const addOverlayFile = bind('krun_fs_add_overlay_file', [
  'u32',
  'string',
  'string',
  'buffer',
  'u64',
  'u32',
  'bool',
]);
/** ctx, id, path, format, read-only, O_DIRECT, sync mode. */
export const addDisk = bind('krun_add_disk3', ['u32', 'string', 'string', 'u32', 'bool', 'bool', 'u32']);
/** ctx, TSI features (0: plain vsock). */
export const addVsock = bind('krun_add_vsock', ['u32', 'u32']);
/** ctx, port, Unix socket path, true: libkrun listens for the host; false: it connects for the guest. */
export const addVsockPort = bind('krun_add_vsock_port2', ['u32', 'u32', 'string', 'bool']);
/** ctx, tap name, MAC (6 bytes), features, flags. */
export const addNetTap = bind('krun_add_net_tap', ['u32', 'string', 'buffer', 'u32', 'u32']);
/** Becomes the VMM; returns only on failure. */
export const startEnter = bind('krun_start_enter', ['u32']);
