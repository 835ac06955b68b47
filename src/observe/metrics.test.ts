import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Metrics } from './metrics.ts';

it('a gauge shows what is true when it is asked for', async () => {
  const metrics = new Metrics();
  let waiting = 1;
  metrics.gauge('boots_waiting', 'Help.', () => waiting);
  assert.match(await metrics.text(), /^boots_waiting 1$/m);
  waiting = 7;
  assert.match(await metrics.text(), /^boots_waiting 7$/m);
});
