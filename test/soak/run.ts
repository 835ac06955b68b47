/** `run.ts SEED CYCLES PARALLEL SECONDS`: a soak, its report printed; fails if anything is left or has grown. */
import assert from 'node:assert/strict';
import { assertGood, soakTables } from './report.ts';
import { soak } from './soak.ts';

const [seed = 0, cycles = 0, parallel = 0, seconds = 0] = process.argv.slice(2).map(Number);
assert.ok(seed > 0 && cycles > 0 && parallel > 0 && seconds > 0, 'SEED CYCLES PARALLEL SECONDS, all above 0');
const report = await soak({ seed, cycles, parallel, seconds });
process.stdout.write(soakTables(report));
assertGood(report);
process.exit(0);
