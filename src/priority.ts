/**
 * Who goes first where processors are short. bin/a3s-boxd starts the daemon with a priority above the usual, so that lists,
 * probes and events are answered beside pods that start; what the daemon starts must not inherit that.
 */
import type { ChildProcess } from 'node:child_process';
import { getPriority, setPriority } from 'node:os';

const USUAL = 0;

/** Call it right after spawn(), while the child has one thread: threads keep the priority they began with, setpriority(2). */
export function giveWay(child: ChildProcess): void {
  // without a pid there is no child: its `error` event tells why
  if (child.pid !== undefined && getPriority() < USUAL) setPriority(child.pid, USUAL);
}
