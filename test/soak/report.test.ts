import assert from 'node:assert/strict';
import { it } from 'node:test';
import { assertGood, soakTables } from './report.ts';
import type { Sample, SoakReport } from './soak.ts';

const sample: Sample = { second: 1, cycles: 1, pid: 1, residentMiB: 100, descriptors: 30 };
const good: SoakReport = {
  cycles: 4,
  seconds: 120,
  kills: { plugin: 1, shim: 1, daemon: 1 },
  cut: 3,
  failures: 5,
  unexplained: [],
  samples: [sample],
  fresh: sample,
  left: [],
};

it('a soak is good only with enough pods, a kill of each kind, and nothing unexplained, left or grown', () => {
  assertGood(good, 4);
  const bad: readonly (readonly [Partial<SoakReport>, RegExp])[] = [
    [{ cycles: 3 }, /3 pods, not 4/],
    [{ kills: { plugin: 0, shim: 1, daemon: 1 } }, /no plugin was killed/],
    [{ kills: { plugin: 1, shim: 0, daemon: 1 } }, /no shim was killed/],
    [{ kills: { plugin: 1, shim: 1, daemon: 0 } }, /no daemon was killed/],
    [{ unexplained: ['RunPodSandbox of pod-1 failed'] }, /RunPodSandbox of pod-1 failed/],
    [{ left: ['shim 1'] }, /shim 1/],
    [{ samples: [{ ...sample, residentMiB: 200 }] }, /200 MiB, a fresh daemon has 100/],
    [{ samples: [{ ...sample, descriptors: 40 }] }, /40 descriptors, a fresh daemon has 30/],
  ];
  for (const [change, message] of bad) assert.throws(() => assertGood({ ...good, ...change }, 4), message);
});

it('its report tells how many failures a kill explains, and which none does', () => {
  assert.match(soakTables(good), /that a kill explains: 5\n+.*no kill explains: nothing\n/);
  const text = soakTables({ ...good, unexplained: ['one', 'two'] });
  assert.match(text, /that a kill explains: 3\n+.*no kill explains:\n {2}one\n {2}two\n/);
});
