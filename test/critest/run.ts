/**
 * `run.ts FOLDER SECONDS [FLAG…]`: the specs in FOLDER/specs, one after the other, with a line for each; critest's report in
 * FOLDER/report.json. What has not run after SECONDS does not run; there is a report all the same.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { REPORT, readSpecs } from './files.ts';
import { focusOn } from './ginkgo-report.ts';
import { runCritest } from './session.ts';

const [folder, seconds, ...flags] = process.argv.slice(2);
assert.ok(folder !== undefined && seconds !== undefined, 'run.ts FOLDER SECONDS');
const specs = await readSpecs(folder);
let done = 0;

const report = `-ginkgo.json-report=${join(folder, REPORT)}`;
await runCritest(
  folder,
  // the same order each time: a failure that depends on it comes again
  ['-ginkgo.v', '-ginkgo.seed=1', `-ginkgo.timeout=${seconds}s`, `-ginkgo.focus=${focusOn(specs)}`, report, ...flags],
  progress,
);
process.exit(0);

/** ginkgo ends the output of each spec with a line like `• [FAILED] [12.345 seconds]`. */
function progress(line: string): void {
  const [, mark, seconds] = /^(•|S|P)\s.*\[([\d.]+) seconds\]$/.exec(line) ?? [];
  if (seconds === undefined) return;
  done += 1;
  const outcome = line.includes('FAILED') || line.includes('PANICKED') ? 'failed' : mark === 'S' ? 'skipped' : 'passed';
  process.stdout.write(`  ${done} of ${specs.length}: ${outcome}, ${Number(seconds).toFixed(0)} s\n`);
}
