import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { isBoxError } from '../../errors.ts';
import { aborted, bothEnded, fired, within } from './waiting.ts';

const never = new Promise<never>(() => undefined);

describe('waiting', () => {
  it('within a limit gives the result, or says what is late', async () => {
    assert.equal(await within(1000, () => assert.fail('it was in time'), Promise.resolve(7)), 7);
    mock.timers.enable({ apis: ['setTimeout'] });
    const late = within(1000, () => 'no stream came', never);
    mock.timers.tick(1000);
    await assert.rejects(late, (error) => isBoxError(error, 'DEADLINE') && error.message === 'no stream came');
    mock.timers.reset();
  });

  it('for a signal works before and after it has fired', async () => {
    const abort = new AbortController();
    const waits = [fired(abort.signal), assert.rejects(aborted(abort.signal), /reason/)];
    abort.abort(new Error('the reason'));
    waits.push(fired(abort.signal), assert.rejects(aborted(abort.signal), /reason/));
    await Promise.all(waits);
  });

  it('for both ends gives the result, and the failure of reading before that of the work', async () => {
    const work = new Error('work');
    const read = new Error('read');
    assert.equal(await bothEnded(Promise.resolve(7), Promise.resolve()), 7);
    await assert.rejects(bothEnded(Promise.reject(work), Promise.resolve()), work);
    await assert.rejects(bothEnded(Promise.reject(work), Promise.reject(read)), read);
  });
});
