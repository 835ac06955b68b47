import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { it } from 'node:test';
import { SPDY_DICTIONARY } from './dictionary.ts';

it("SPDY/3's dictionary has the digest that all implementations share", () => {
  assert.equal(SPDY_DICTIONARY.length, 1423);
  assert.equal(
    createHash('sha256').update(SPDY_DICTIONARY).digest('hex'),
    '51d27341373f923f3cd88e1eb7162aeaa3723d7585ff2399201dc06498407f02',
  );
});
