/** What a soak has shown, for people; and whether it was good. */
import assert from 'node:assert/strict';
import { table } from '../perf/table.ts';
import { VICTIMS } from './incidents.ts';
import type { Sample, SoakReport } from './soak.ts';

const ROWS = 20;
/** What an idle daemon may hold more than one that has just started: its heap has grown, its code is compiled. */
const MORE_DESCRIPTORS = 8;
const MORE_MIB = 64;

export function soakTables(report: SoakReport): string {
  const { cycles, seconds, kills, cut, failures, unexplained, samples, fresh, left } = report;
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
    `Calls that failed and that a kill explains: ${failures - unexplained.length}\n`,
    listed('Calls that failed and that no kill explains', unexplained),
    listed('Left behind', left),
  ].join('\n');
}

function listed(what: string, lines: readonly string[]): string {
  return lines.length === 0 ? `${what}: nothing\n` : `${what}:\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

/**
 * At least so many pods, with kills of every kind, no failure without one, nothing left; and the last daemon is idle as a fresh one
 * is.
 */
export function assertGood(report: SoakReport, leastCycles: number): void {
  const { cycles, kills, unexplained, left, samples, fresh } = report;
  assert.ok(cycles >= leastCycles, `${cycles} pods, not ${leastCycles}`);
  for (const victim of VICTIMS) assert.ok(kills[victim] > 0, `no ${victim} was killed`);
  assert.deepEqual(unexplained, []);
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
