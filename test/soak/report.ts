/** What a soak has shown, for people; and whether it was good. */
import assert from 'node:assert/strict';
import { table } from '../perf/table.ts';
import type { Sample, SoakReport } from './soak.ts';

const ROWS = 20;
/** What an idle daemon may hold more than one that has just started: its heap has grown, its code is compiled. */
const MORE_DESCRIPTORS = 8;
const MORE_MIB = 64;

export function soakTables({ cycles, seconds, kills, cut, samples, fresh, left }: SoakReport): string {
  const step = Math.max(1, Math.ceil(samples.length / ROWS));
  const shown = samples.filter((_, index) => index % step === 0 || index === samples.length - 1);
  const row = ({ second, cycles: at, pid, residentMiB, descriptors }: Sample, what = second.toFixed(0)): string[] => [
    what,
    String(at),
    String(pid),
    residentMiB.toFixed(0),
    String(descriptors),
  ];
  const killed = `killed: daemon ${kills.daemon}, VMM ${kills.shim}, CNI plugin ${kills.plugin}`;
  return [
    table(
      `Soak: ${cycles} pods in ${seconds.toFixed(0)} s; ${killed}; attempts cut short: ${cut}`,
      ['second', 'pods', 'daemon', 'RSS MiB', 'descriptors'],
      [...shown.map((each) => row(each)), row(fresh, 'fresh')],
    ),
    left.length === 0 ? 'Left behind: nothing\n' : `Left behind:\n${left.map((line) => `  ${line}\n`).join('')}`,
  ].join('\n');
}

/** Nothing left, and the last daemon is idle as a fresh one is. */
export function assertGood({ left, samples, fresh }: SoakReport): void {
  assert.deepEqual(left, []);
  const last = samples.at(-1);
  assert.ok(last !== undefined);
  assert.ok(
    last.descriptors <= fresh.descriptors + MORE_DESCRIPTORS,
    `${last.descriptors} descriptors, a fresh daemon has ${fresh.descriptors}`,
  );
  assert.ok(
    last.residentMiB <= fresh.residentMiB + MORE_MIB,
    `${last.residentMiB.toFixed(0)} MiB, a fresh daemon has ${fresh.residentMiB.toFixed(0)}`,
  );
}
