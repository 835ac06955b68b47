/** Where the time of one boot went. Milliseconds. */
import { z } from 'zod';
import { millisBetween } from '../time.ts';
import type { GuestReady } from './ready-socket.ts';

export const bootTimingsSchema = z.object({
  /** spawn(2) until the shim's first line of JavaScript. */
  spawn: z.number(),
  /** Loading ffi-rs and libkrun, reading the configuration, declaring the devices. */
  ffi: z.number(),
  /** krun_start_enter until the guest kernel's clock starts. */
  startEnter: z.number(),
  /** The guest kernel until guest-init's main. */
  kernel: z.number(),
  /** guest-init's main until it serves. */
  init: z.number(),
  /** All of it: spawn(2) until the daemon heard from the guest. */
  ready: z.number(),
});
export type BootTimings = z.infer<typeof bootTimingsSchema>;

/** CLOCK_MONOTONIC readings of the host; the shim's and the daemon's clocks are the same. */
export interface BootMarks {
  readonly spawned: bigint;
  readonly started: bigint;
  readonly entered: bigint;
  readonly ready: bigint;
}

export function bootTimings(marks: BootMarks, guest: Pick<GuestReady, 'initNs' | 'readyNs'>): BootTimings {
  const kernelStarted = marks.ready - BigInt(guest.readyNs);
  return {
    spawn: millisBetween(marks.spawned, marks.started),
    ffi: millisBetween(marks.started, marks.entered),
    startEnter: millisBetween(marks.entered, kernelStarted),
    kernel: millisBetween(0n, BigInt(guest.initNs)),
    init: millisBetween(BigInt(guest.initNs), BigInt(guest.readyNs)),
    ready: millisBetween(marks.spawned, marks.ready),
  };
}
