import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withUndo } from './undo.ts';

describe('withUndo', () => {
  it('takes steps back in reverse order, past one that fails, and rethrows the cause', async () => {
    const seen: string[] = [];
    const warnings: unknown[] = [];
    const log = { warn: (facts: unknown) => void warnings.push(facts) };
    const failed = withUndo(log, async (undo) => {
      undo.push('first', async () => void seen.push('first'));
      undo.push('second', async () => {
        throw new Error('stuck');
      });
      undo.push('third', async () => void seen.push('third'));
      throw new Error('the cause');
    });
    await assert.rejects(failed, /the cause/);
    assert.deepEqual(seen, ['third', 'first']);
    assert.deepEqual(warnings, [{ step: 'second', error: 'stuck' }]);
  });

  it('takes nothing back after success', async () => {
    const result = await withUndo({ warn: () => assert.fail('no warning expected') }, async (undo) => {
      undo.push('never', async () => assert.fail('must not run'));
      return 7;
    });
    assert.equal(result, 7);
  });
});
