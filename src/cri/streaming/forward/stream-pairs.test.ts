import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { ChannelStream } from '../channel-stream.ts';
import type { OpenedStream } from '../spdy/connection.ts';
import { type StreamPair, StreamPairs } from './stream-pairs.ts';

const LIMIT_MS = 1000;

function opened(id: number, headers: Readonly<Record<string, string>>): OpenedStream {
  const stream = new ChannelStream({
    send: () => Promise.resolve(),
    finish: () => Promise.resolve(),
    abandon: () => undefined,
  });
  return { id, headers: new Map(Object.entries(headers)), stream };
}

describe('StreamPairs', () => {
  it('pairs the two streams of a request, in either order', () => {
    const pairs: StreamPair[] = [];
    const streams = new StreamPairs(LIMIT_MS, (pair) => pairs.push(pair));
    const data = opened(1, { streamtype: 'data', port: '80', requestid: '7' });
    const error = opened(3, { streamtype: 'error', port: '80', requestid: '7' });
    assert.equal(streams.accept(data), true);
    assert.equal(streams.accept(error), true);
    assert.deepEqual(pairs, [{ port: 80, data: data.stream, error: error.stream }]);
    for (const { stream } of [data, error]) stream.destroy();
  });

  it('closes a stream that stays alone, and takes its request anew', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const streams = new StreamPairs(LIMIT_MS, () => assert.fail('there is no pair'));
    const alone = opened(1, { streamtype: 'error', port: '80', requestid: '7' });
    streams.accept(alone);
    mock.timers.tick(LIMIT_MS);
    assert.equal(alone.stream.destroyed, true);
    assert.equal(streams.accept(opened(3, { streamtype: 'error', port: '80', requestid: '7' })), true);
    mock.timers.reset();
  });
});
