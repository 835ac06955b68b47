/** `run.ts SEED CYCLES PARALLEL SECONDS LEAST`: a soak, its report printed; fails if it was not good, or of less than LEAST pods. */
import assert from 'node:assert/strict';
import { assertGood, soakTables } from './report.ts';
import { soak } from './soak.ts';

const [seed = 0, cycles = 0, parallel = 0, seconds = 0, least = 0] = process.argv.slice(2).map(Number);
assert.ok(Math.min(seed, cycles, parallel, seconds, least) > 0, 'SEED CYCLES PARALLEL SECONDS LEAST, all above 0');
const report = await soak({ seed, cycles, parallel, seconds });
process.stdout.write(soakTables(report));
assertGood(report, least);
process.exit(0);
