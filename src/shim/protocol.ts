/**
 * What the daemon and one shim say to each other: one JSON document on the shim's fd 3, JSON lines back on its fd 4.
 * This file is bundled into the shim, so it imports nothing: every module there costs memory in every sandbox.
 */

/** File descriptors of the shim beyond 0–2; 1 and 2 are the console FIFO. */
export const SHIM_CONFIG_FD = 3;
export const SHIM_STATUS_FD = 4;

/** The vsock ports of the guest protocol (proto/guest/v1/guest.proto). */
export const GUEST_PORTS = { ready: 4087, control: 4088, exec: 4089, terminal: 4090 } as const;

/** The virtiofs tag of the writable share, the file guest-init reads its token from, and the network card's name on the host. */
export const RW_SHARE_TAG = 'rw';
export const BOOT_FILE = '/boot.json';

/** Everything libkrun needs to know about one VM. Paths are absolute. */
export interface ShimConfig {
  readonly libkrun: string;
  readonly vcpus: number;
  readonly memoryMiB: number;
  /** virtiofs root of the guest, read-only for it. */
  readonly rootShare: string;
  readonly rwShare: string;
  readonly scratchDisk: string;
  /** The guest's network cards, in this order; addresses as `aa:bb:cc:dd:ee:ff`. */
  readonly cards: readonly { readonly tap: string; readonly mac: string }[];
  readonly readySocket: string;
  readonly controlSocket: string;
  readonly execSocket: string;
  readonly terminalSocket: string;
  /** A FIFO; libkrun opens it by name. */
  readonly console: string;
  /** Content of BOOT_FILE: held in memory only, readable once. */
  readonly bootFile: string;
}

/** A step the shim has reached, or why it gave up. Times are CLOCK_MONOTONIC nanoseconds, the same clock as the daemon's. */
export type ShimStatus =
  | { readonly phase: 'started' | 'enter'; readonly monotonicNs: string }
  | { readonly phase: 'failed'; readonly call: string; readonly message: string };
