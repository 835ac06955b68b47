import assert from 'node:assert/strict';
import { it } from 'node:test';
import { fail, ok, table, warn } from './finding.ts';

it('a table can be read by people and by grep', () => {
  const text = table([
    ok('kvm', 'works'),
    warn('host clock', 'slow', 'mend it'),
    fail('tun', 'missing', 'run modprobe tun'),
  ]);
  assert.deepEqual(text.split('\n'), [
    'ok    kvm         works',
    'warn  host clock  slow',
    '                  → mend it',
    'fail  tun         missing',
    '                  → run modprobe tun',
    '',
    '1 ok, 1 warnings, 1 failures',
    '',
  ]);
});
