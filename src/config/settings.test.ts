import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { it } from 'node:test';
import { isBoxError } from '../errors.ts';
import { parseCommandLine } from './command-line.ts';
import { toDaemonConfig } from './load.ts';
import { settingsSchema } from './schema.ts';

const config = (written: Readonly<Record<string, unknown>> = {}) =>
  toDaemonConfig(settingsSchema.parse(written), '/etc/test.toml');
const invalid = (words: RegExp) => (error: unknown) => {
  assert.ok(isBoxError(error, 'CONFIG_INVALID'));
  assert.match(error.message, words);
  return true;
};

it('boots take turns by the number of processors, unless it says otherwise', () => {
  assert.equal(config().admission.parallelBoots, availableParallelism());
  assert.equal(config({ parallel_boots: 3 }).admission.parallelBoots, 3);
});

it('a heartbeat limit below a second is refused with the reason', () => {
  assert.equal(config({ heartbeat_timeout: '1s' }).heartbeatMs, 1000);
  assert.throws(() => config({ heartbeat_timeout: '999ms' }), invalid(/heartbeat_timeout: must be at least 1s/));
});

it('doctor is a command, and --fix goes with nothing else', () => {
  assert.equal(parseCommandLine(['doctor']).command, 'doctor');
  assert.equal(parseCommandLine(['doctor', '--fix']).command, 'doctor fix');
  assert.throws(() => parseCommandLine(['--fix']), invalid(/--fix goes with doctor only/));
  assert.throws(() => parseCommandLine(['config', 'dump', '--fix']), invalid(/--fix/));
});
