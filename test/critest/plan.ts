/**
 * `plan.ts OUT NODES ci|full [FOCUS]`: puts the specs of each run into OUT/1, OUT/2 … and prints a line for each: its folder, and
 * the seconds after which it is ended, for hangs only. Fails if critest's specs are not those of the list.
 */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../e2e/harness/run.ts';
import { CRITEST } from '../e2e/harness/settings.ts';
import { type Expectation } from './expectations.ts';
import { readExpectations, SPECS } from './files.ts';
import { parseReport } from './ginkgo-report.ts';
import { seconds, select, split } from './shares.ts';

/** Start of the node and of the daemon, first pulls. */
const START_S = 300;
/** Seen with other work beside: ten times the list's seconds. */
const SLOWER = 15;

const [out = '', nodes = '1', runs, focus] = process.argv.slice(2);
assert.ok(runs === 'ci' || runs === 'full', 'ci or full');
const list = await readExpectations();
await checkComplete(list);
const shares = split(select(list, { focus: focus === '' ? undefined : focus, runs }), Number(nodes));
for (const [index, share] of shares.entries()) {
  const folder = join(out, String(index + 1));
  await mkdir(folder);
  await writeFile(join(folder, SPECS), share.map(({ spec }) => `${spec}\n`).join(''));
  process.stdout.write(`${folder} ${Math.ceil(START_S + SLOWER * seconds(share))}\n`);
}

/** A dry run names every spec that critest has on this machine. */
async function checkComplete(list: readonly Expectation[]): Promise<void> {
  const report = join(out, 'dry-run.json');
  const { code, stdout } = await run(CRITEST, [
    '-config=/nonexistent',
    '-ginkgo.dry-run',
    `-ginkgo.json-report=${report}`,
  ]);
  assert.equal(code, 0, stdout);
  const { results } = parseReport(await readFile(report, 'utf8'));
  assert.deepEqual(
    results.map(({ spec }) => spec).toSorted(),
    list.map(({ spec }) => spec).toSorted(),
    "critest's specs are not those of test/critest/expected.tsv",
  );
}
