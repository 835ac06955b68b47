import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isBoxError } from '../../errors.ts';
import { listenForReady, parseReady } from './ready-socket.ts';

const GOOD = JSON.stringify({ version: '0.1.0', token: 'ab', initNs: 1_200_000_000, readyNs: 1_300_000_000 });

describe('parseReady', () => {
  it('reads the guest’s line', () => assert.equal(parseReady(GOOD, 'ab').initNs, 1_200_000_000));

  it('refuses the token of another boot', () => {
    assert.throws(() => parseReady(GOOD, 'cd'), { reason: 'GUEST_ANSWER', message: /another boot/ });
  });

  it('answers any bytes with a clear error', () => {
    fc.assert(
      fc.property(fc.string(), (line) => {
        try {
          parseReady(line, 'ab');
          assert.fail('garbage was taken for a ready message');
        } catch (error) {
          assert.ok(isBoxError(error, 'GUEST_ANSWER'));
        }
      }),
    );
  });
});

describe('listenForReady', () => {
  for (const [what, bytes, expected] of [
    ['one line', `${GOOD}\n`, undefined],
    ['a flood without a newline', 'x'.repeat(5000), 'GUEST_ANSWER'],
    ['nothing', '', 'GUEST_ANSWER'],
  ] as const) {
    it(`takes ${what}`, async () => {
      const dir = await mkdtemp(join(tmpdir(), 'a3s-ready-'));
      const socket = await listenForReady(join(dir, 's'), 'ab');
      connect(join(dir, 's'))
        .on('error', () => undefined)
        .end(bytes);
      if (expected === undefined) assert.equal((await socket.ready).version, '0.1.0');
      else await assert.rejects(socket.ready, { reason: expected });
      socket.close();
      await rm(dir, { recursive: true });
    });
  }
});
