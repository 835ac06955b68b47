/**
 * `print.ts OUT`: one table of what the runs below OUT did, what critest said of every spec that is not as expected, and exit code 1
 * if there is one. OUT/expected.tsv is the list with the seconds of this run, to be copied over where they differ much.
 */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { table } from '../perf/table.ts';
import { formatExpectations } from './expectations.ts';
import { REPORT, readExpectations, readSpecs, runFolders } from './files.ts';
import { type CritestReport, parseReport } from './ginkgo-report.ts';
import { judge, type Verdict } from './verdict.ts';

const MESSAGE_LINES = 8;
const LINE_CHARS = 300;

const [out = ''] = process.argv.slice(2);
const folders = await runFolders(out);
const reports: CritestReport[] = [];
const selected = new Set<string>();
for (const folder of folders) {
  const report = await readReport(folder);
  if (report !== undefined) reports.push(report);
  for (const spec of await readSpecs(folder)) selected.add(spec);
}
const list = await readExpectations();
const results = reports.flatMap((report) => report.results);
const verdicts = judge(
  list.filter(({ spec }) => selected.has(spec)),
  results,
);

// what passed as expected first: what matters most is nearest to the prompt
const order = (verdict: Verdict): string =>
  `${verdict.asExpected ? 0 : 1}${{ passed: 0, skipped: 1, failed: 2, 'did not run': 3 }[verdict.outcome]}${verdict.spec}`;
const rows = verdicts
  .toSorted((a, b) => (order(a) < order(b) ? -1 : 1))
  .map(({ outcome, seconds, spec, why }) => [outcome, seconds.toFixed(1), spec, clip(why, 100)]);
process.stdout.write(table('critest', ['outcome', 's', 'spec', 'why'], rows));

const surprises = verdicts.filter(({ asExpected }) => !asExpected);
for (const { spec, message } of surprises) {
  const lines = message.split('\n').slice(0, MESSAGE_LINES);
  process.stdout.write(`\n${spec}\n${lines.map((line) => `    ${clip(line, LINE_CHARS)}`).join('\n')}\n`);
}
await writeFile(join(out, 'expected.tsv'), formatExpectations(list.map(measured)));

const count = (outcome: string): number => verdicts.filter((verdict) => verdict.outcome === outcome).length;
const minutes = Math.max(0, ...reports.map(({ seconds }) => seconds)) / 60;
const counts = `passed ${count('passed')}, failed ${count('failed')}, skipped ${count('skipped')}`;
const verdict = surprises.length === 0 ? 'as expected' : `${surprises.length} not as expected`;
process.stdout.write(`\n  ${counts}, of ${verdicts.length} in ${minutes.toFixed(1)} min: ${verdict}\n`);
if (surprises.length > 0) process.stdout.write(`  logs of critest and of the daemon: ${folders.join(', ')}\n`);
process.exit(surprises.length === 0 ? 0 : 1);

/** A run that was killed, or whose daemon did not start, has none: then its specs did not run. */
async function readReport(folder: string): Promise<CritestReport | undefined> {
  const file = join(folder, REPORT);
  if (!existsSync(file)) return undefined;
  return parseReport(await readFile(file, 'utf8'));
}

function measured(row: (typeof list)[number]): (typeof list)[number] {
  const seconds = results.find(({ spec }) => spec === row.spec)?.seconds;
  return seconds === undefined ? row : { ...row, seconds: Math.ceil(seconds) };
}

function clip(text: string, chars: number): string {
  return text.length <= chars ? text : `${text.slice(0, chars - 1)}…`;
}
