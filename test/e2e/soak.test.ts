import { it } from 'node:test';
import { assertGood, soakTables } from '../soak/report.ts';
import { soak } from '../soak/soak.ts';

/** `make soak` and `make test-long` take longer, and any seed. */
const SHORT = { seed: 1, cycles: 1000, parallel: 4, seconds: 120 };

it('pods made and removed while daemon, VMMs and CNI plugins are killed leave nothing behind', async () => {
  const report = await soak(SHORT);
  process.stdout.write(soakTables(report));
  // one for each lane: on the slowest machine they get no further
  assertGood(report, SHORT.parallel);
});
