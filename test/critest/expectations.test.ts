import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatExpectations, parseExpectations } from './expectations.ts';
import { readExpectations } from './files.ts';

const HEADER = 'outcome\tseconds\truns\tspec\treason';

describe('the list of what is expected', () => {
  it('is read and written the same', () => {
    const text = `${HEADER}\npassed\t12\tci\tContainer runs\t\nskipped\t0\tfull\tAppArmor works\tno AppArmor\n`;
    const rows = parseExpectations(text);
    assert.deepEqual(rows[1], {
      outcome: 'skipped',
      seconds: 0,
      runs: 'full',
      spec: 'AppArmor works',
      reason: 'no AppArmor',
    });
    assert.equal(formatExpectations(rows), text);
  });

  it('refuses another header, an unknown outcome, a spec that stands there twice', () => {
    assert.throws(() => parseExpectations('spec\toutcome\n'), /first line/);
    assert.throws(() => parseExpectations(`${HEADER}\nflaky\t1\tci\ta\t\n`), /outcome/);
    assert.throws(
      () => parseExpectations(`${HEADER}\npassed\t1\tci\ta\t\npassed\t1\tci\ta\t\n`),
      /twice in the list: a/,
    );
  });

  it('wants a reason for what does not pass, and none for what does', () => {
    assert.throws(() => parseExpectations(`${HEADER}\nfailed\t1\tci\ta\t\n`), /reason/);
    assert.throws(() => parseExpectations(`${HEADER}\npassed\t1\tci\ta\tbecause\n`), /reason/);
  });

  it('that is committed promises at least 94 passes, and CI runs at least 40 specs', async () => {
    const rows = await readExpectations();
    assert.ok(rows.filter(({ outcome }) => outcome === 'passed').length >= 94);
    assert.ok(rows.filter(({ runs }) => runs === 'ci').length >= 40);
  });
});
