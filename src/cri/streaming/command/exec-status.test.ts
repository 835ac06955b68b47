import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { formatOutcome } from './exec-status.ts';

/** What client-go's decoder of the error stream (tools/remotecommand/v4.go) makes of it. */
const statusSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('Success') }),
  z.object({
    status: z.literal('Failure'),
    message: z.string(),
    reason: z.string(),
    details: z.object({ causes: z.array(z.object({ reason: z.string().optional(), message: z.string() })) }),
  }),
]);

function decode(bytes: Buffer): number | string {
  const status = statusSchema.parse(JSON.parse(bytes.toString()));
  if (status.status === 'Success') return 0;
  if (status.reason !== 'NonZeroExitCode') return status.message;
  const cause = status.details.causes.find(({ reason }) => reason === 'ExitCode');
  return Number(cause?.message);
}

describe('the status of a command', () => {
  it('has every exit code', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), (exitCode) => {
        assert.equal(decode(formatOutcome({ kind: 'exited', exitCode }, 'json')), exitCode);
      }),
    );
  });

  it('has no code that clients cannot read', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: 256 }), fc.integer({ max: -1 }), fc.double({ min: 0.1, max: 0.9 })),
        (code) => {
          assert.match(String(decode(formatOutcome({ kind: 'exited', exitCode: code }, 'json'))), /no exit code/);
        },
      ),
    );
  });

  it('has the message of any failure', () => {
    fc.assert(
      fc.property(fc.string(), (message) => {
        assert.equal(decode(formatOutcome({ kind: 'failed', message }, 'json')), message);
        assert.equal(formatOutcome({ kind: 'failed', message }, 'text').toString(), message.toWellFormed());
      }),
    );
  });

  it('before v4 is text, and none for success', () => {
    assert.equal(formatOutcome({ kind: 'exited', exitCode: 0 }, 'text').length, 0);
    assert.match(formatOutcome({ kind: 'exited', exitCode: 3 }, 'text').toString(), /non-zero exit code: 3/);
  });
});
