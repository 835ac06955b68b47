/** Golden files: expected results that are too long for a test. `UPDATE_GOLDEN=1` rewrites them; the diff is then reviewed. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export async function matchesGolden(name: string, actual: unknown): Promise<void> {
  const path = fileURLToPath(new URL(`../../test/golden/${name}`, import.meta.url));
  if (process.env['UPDATE_GOLDEN'] === '1') {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${JSON.stringify(actual, null, 2)}\n`);
  }
  const expected: unknown = JSON.parse(await readFile(path, 'utf8'));
  assert.deepEqual(JSON.parse(JSON.stringify(actual)), expected);
}
