/** The list of what is expected, and the folders of one run: build/critest/1, and /2 where two nodes run side by side. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Expectation, parseExpectations } from './expectations.ts';

const LIST = new URL('expected.tsv', import.meta.url);

/** Below a run's folder: the specs that it is to run, one a line, and what critest said of them. */
export const SPECS = 'specs';
export const REPORT = 'report.json';

export async function readExpectations(): Promise<readonly Expectation[]> {
  return parseExpectations(await readFile(LIST, 'utf8'));
}

export async function readSpecs(folder: string): Promise<readonly string[]> {
  return (await readFile(join(folder, SPECS), 'utf8')).trimEnd().split('\n');
}

/** The runs' folders below `out`, which scripts/critest.sh empties before. */
export async function runFolders(out: string): Promise<readonly string[]> {
  return (await readdir(out)).filter((name) => /^\d+$/.test(name)).map((name) => join(out, name));
}
