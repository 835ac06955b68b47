import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isBoxError } from '../../../errors.ts';
import { anyBytes } from '../../../testing/cut.ts';
import { decodeMessage, encodeMessage } from './channel-frames.ts';

const encoding = fc.constantFrom('binary' as const, 'base64' as const);

describe('channel messages', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 63 }), anyBytes(500), encoding, (channel, bytes, encoding) => {
        const message = Buffer.from(encodeMessage(channel, bytes, encoding));
        assert.deepEqual(decodeMessage(message, encoding, false), { kind: 'data', channel, bytes });
      }),
    );
  });

  it('are as the protocol writes them', () => {
    assert.deepEqual(encodeMessage(1, Buffer.from('hi'), 'binary'), Buffer.from('\x01hi'));
    assert.equal(encodeMessage(1, Buffer.from('hi'), 'base64'), '1aGk=');
  });

  it('close a channel in v5, and in no other', () => {
    const signal = Buffer.of(255, 0);
    assert.deepEqual(decodeMessage(signal, 'binary', true), { kind: 'close', channel: 0 });
    assert.deepEqual(decodeMessage(signal, 'binary', false), { kind: 'data', channel: 255, bytes: Buffer.of(0) });
    assert.throws(() => decodeMessage(Buffer.of(255), 'binary', true), /close signal of 1 bytes/);
  });

  it('end in one clear error, or are read, whatever comes', () => {
    fc.assert(
      fc.property(anyBytes(300), encoding, fc.boolean(), (garbage, encoding, halfClose) => {
        try {
          assert.ok(decodeMessage(garbage, encoding, halfClose).channel <= 255);
        } catch (error) {
          assert.ok(isBoxError(error, 'INVALID_REQUEST'), String(error));
        }
      }),
    );
  });
});
