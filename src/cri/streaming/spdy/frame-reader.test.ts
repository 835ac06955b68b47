import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isBoxError } from '../../../errors.ts';
import { anyBytes, cut, cuts } from '../../../testing/cut.ts';
import { synStream } from '../../../testing/spdy-client.ts';
import { FrameReader, MAX_CONTROL_FRAME } from './frame-reader.ts';
import { controlFrame, dataHeader, type Frame, FrameType, goAway, ping, rstStream } from './frames.ts';

const streamId = fc.integer({ min: 1, max: 0x7fff_ffff });
interface Sample {
  readonly wire: Buffer;
  /** Undefined for what the reader leaves out. */
  readonly frame: Frame | undefined;
}

const sample: fc.Arbitrary<Sample> = fc.oneof(
  fc.tuple(streamId, fc.boolean(), anyBytes(200)).map(([streamId, fin, bytes]) => ({
    wire: Buffer.concat([dataHeader(streamId, bytes.length, fin), bytes]),
    frame: { kind: 'data' as const, streamId, fin, bytes },
  })),
  fc.tuple(streamId, fc.boolean(), anyBytes(100)).map(([streamId, fin, headerBlock]) => ({
    wire: synStream(streamId, fin, headerBlock),
    frame: { kind: 'open' as const, streamId, fin, headerBlock },
  })),
  streamId.map((streamId) => ({ wire: rstStream(streamId, 5), frame: { kind: 'reset' as const, streamId } })),
  streamId.map((id) => ({ wire: ping(id), frame: { kind: 'ping' as const, id } })),
  streamId.map((id) => ({ wire: goAway(id, 0), frame: { kind: 'goAway' as const } })),
  fc.constantFrom(FrameType.SETTINGS, FrameType.WINDOW_UPDATE, 77).map((type) => ({
    wire: controlFrame(type, 0, Buffer.alloc(8)),
    frame: undefined,
  })),
);

/** Neighbouring pieces of one data frame are one again. */
function joined(frames: readonly Frame[], sent: readonly Frame[]): readonly Frame[] {
  const rest = [...frames];
  return sent.map((wanted) => {
    if (wanted.kind !== 'data') return rest.shift() ?? wanted;
    const pieces: Buffer[] = [];
    let last: Frame | undefined;
    do {
      last = rest.shift();
      assert.equal(last?.kind, 'data');
      pieces.push(last.bytes);
    } while (Buffer.concat(pieces).length < wanted.bytes.length);
    return { ...last, bytes: Buffer.concat(pieces) };
  });
}

describe('FrameReader', () => {
  it('reads what was sent, however it is cut', () => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 12 }), cuts, (samples, lengths) => {
        const reader = new FrameReader();
        const wire = Buffer.concat(samples.map((sample) => sample.wire));
        const got = cut(wire, lengths).flatMap((piece) => [...reader.push(piece)]);
        const sent = samples.flatMap(({ frame }) => (frame === undefined ? [] : [frame]));
        const whole = joined(got, sent);
        assert.deepEqual(
          whole.map((frame) => ({ ...frame })),
          sent.map((frame) => ({ ...frame })),
        );
      }),
    );
  });

  it('gives data on as it comes, and never more than came', () => {
    const reader = new FrameReader();
    const [...nothing] = reader.push(dataHeader(1, 0xff_ffff, true));
    assert.deepEqual(nothing, []);
    const [first, ...others] = reader.push(Buffer.alloc(1000));
    assert.deepEqual(others, []);
    assert.deepEqual(first, { kind: 'data', streamId: 1, fin: false, bytes: Buffer.alloc(1000) });
  });

  it('ends in one clear error, or reads on, whatever comes', () => {
    fc.assert(
      fc.property(anyBytes(2000), cuts, (garbage, lengths) => {
        const reader = new FrameReader();
        try {
          for (const piece of cut(garbage, lengths)) for (const frame of reader.push(piece)) assert.ok(frame.kind);
        } catch (error) {
          assert.ok(isBoxError(error, 'INVALID_REQUEST'), String(error));
        }
      }),
    );
  });

  it('refuses a control frame that it would have to hold', () => {
    const header = controlFrame(FrameType.SYN_STREAM, 0, Buffer.alloc(MAX_CONTROL_FRAME + 1)).subarray(0, 8);
    assert.throws(() => [...new FrameReader().push(header)], /16385 bytes/);
  });
});
