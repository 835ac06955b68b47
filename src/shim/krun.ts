/** One VM's devices, in libkrun's words. Eight (with one network card) of the eleven that x86_64 libkrun allows; all must exist before the start. */
import { getSystemErrorName } from 'node:util';
import * as krun from './ffi/libkrun.ts';
import { openLibrary } from './ffi/native.ts';
import { BOOT_FILE, GUEST_PORTS, RW_SHARE_TAG, type ShimConfig } from './protocol.ts';

/** The tag whose file system the guest kernel mounts as root. */
const ROOT_TAG = '/dev/root';
/** DAX windows stay off: EROFS cannot read DAX inodes, and the window's bounds checks are a needless surface. */
const NO_DAX = 0;
const STDERR = 2;
const BOOT_FILE_MODE = 0o400;

/** libkrun keeps a pointer into this Buffer for the VM's life; a module variable keeps it reachable. */
let bootFile: Buffer | undefined;

/** A libkrun call that failed. */
export class KrunError extends Error {
  readonly call: string;

  constructor(call: string, result: number) {
    super(`${call} failed: ${getSystemErrorName(result)}`);
    this.call = call;
  }
}

/** Loads libkrun; the dynamic loader's own words are kept, they name the file that is missing. */
export function openKrun(path: string): void {
  openLibrary(path);
}

/** Declares the VM; returns libkrun's context id. Throws KrunError naming the call that failed. */
export function configureVm(config: ShimConfig): number {
  check('krun_init_log', krun.initLog(STDERR, krun.LOG_ERROR, krun.LOG_STYLE_NEVER, krun.LOG_NO_ENV));
  const ctx = check('krun_create_ctx', krun.createCtx());
  check('krun_set_vm_config', krun.setVmConfig(ctx, config.vcpus, config.memoryMiB));
  check('krun_disable_implicit_init', krun.disableImplicitInit(ctx));
  check('krun_disable_implicit_vsock', krun.disableImplicitVsock(ctx));
  addShares(ctx, config);
  check(
    'krun_add_disk3',
    krun.addDisk(ctx, 'scratch', config.scratchDisk, krun.DISK_FORMAT_RAW, false, false, krun.SYNC_RELAXED),
  );
  addVsock(ctx, config);
  for (const { tap, mac } of config.cards) {
    const address = Buffer.from(mac.replaceAll(':', ''), 'hex');
    check(`krun_add_net_tap ${tap}`, krun.addNetTap(ctx, tap, address, krun.NET_OFFLOADS, 0));
  }
  check('krun_set_console_output', krun.setConsoleOutput(ctx, config.console));
  return ctx;
}

function addShares(ctx: number, config: ShimConfig): void {
  check('krun_add_virtiofs3 root', krun.addVirtiofs(ctx, ROOT_TAG, config.rootShare, NO_DAX, true));
  check('krun_add_virtiofs3 rw', krun.addVirtiofs(ctx, RW_SHARE_TAG, config.rwShare, NO_DAX, false));
  bootFile = Buffer.alloc(Buffer.byteLength(config.bootFile), config.bootFile, 'utf8');
  check(
    'krun_fs_add_overlay_file',
    krun.addOverlayFile(ctx, ROOT_TAG, BOOT_FILE, bootFile, bootFile.length, BOOT_FILE_MODE, true),
  );
}

function addVsock(ctx: number, config: ShimConfig): void {
  check('krun_add_vsock', krun.addVsock(ctx, 0));
  check('krun_add_vsock_port2 ready', krun.addVsockPort(ctx, GUEST_PORTS.ready, config.readySocket, false));
  check('krun_add_vsock_port2 control', krun.addVsockPort(ctx, GUEST_PORTS.control, config.controlSocket, true));
  check('krun_add_vsock_port2 exec', krun.addVsockPort(ctx, GUEST_PORTS.exec, config.execSocket, true));
  check('krun_add_vsock_port2 terminal', krun.addVsockPort(ctx, GUEST_PORTS.terminal, config.terminalSocket, true));
}

/** Becomes the VM. Returns only by throwing KrunError. */
export function enterVm(ctx: number): never {
  throw new KrunError('krun_start_enter', check('krun_start_enter', krun.startEnter(ctx)));
}

function check(call: string, result: number): number {
  if (result < 0) throw new KrunError(call, result);
  return result;
}
